"""The commands of a team's process, as a script and a person at a terminal use them, and how they refuse."""

import json
import sqlite3
import subprocess
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from tests.ops.test_commands import offline, refusal, run, told
from tests.running import Running

__all__ = ["offline"]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("process-commands")]

RULE = "when created\nif type:Security\nthen priority High\n"


@pytest.fixture(scope="module")
def shop(offline: Running) -> Running:
    """The installation with a project and somebody beside its owner."""
    told(offline, "project", "create", "Till", "--key", "TIL")
    told(offline, "user", "create", "ada@shop.example", "--name", "Ada")
    return offline


def text(at: Running, *words: str, **more: str) -> str:
    """Run a command that succeeds, and return what a person reads."""
    ended = run(at, *words, **more)
    assert ended.code == 0, ended
    return ended.out


def misuse(at: Running, *words: str) -> str:
    """Use a command wrongly, and return what it says."""
    ended = run(at, *words)
    assert (ended.code, ended.out) == (2, "")
    return ended.err


# ---------------------------------------------------------------------------------------------------------- workflows


def test_workflows_are_listed_shown_and_saved(shop: Running, tmp_path: Path) -> None:
    listed = {each["name"]: each for each in told(shop, "workflow", "list")["items"]}
    taken = told(shop, "workflow", "show", "kanban")
    taken["workflow"]["name"] = "Counter"
    file = tmp_path / "counter.json"
    file.write_text(json.dumps(taken))

    saved = told(shop, "workflow", "save", str(file))
    taken["workflow"]["name"] = "Shop counter"
    again = told(shop, "workflow", "save", "-", "--name", "counter", "--note", "Whose", given=json.dumps(taken))

    assert listed["helpdesk"]["built_in"] is True
    assert (saved["name"], saved["version"], again["version"]) == ("counter", 1, 2)
    assert told(shop, "workflow", "show", "counter", "--version", "1")["workflow"] == saved["workflow"]
    assert "Ready" in text(shop, "workflow", "show", "counter")
    assert "counter" in text(shop, "workflow", "list")


def test_a_workflow_is_adopted_after_it_was_tried(shop: Running) -> None:
    told(shop, "project", "create", "Adopting", "--key", "ADO")
    key = told(shop, "issue", "create", "adopting", "Slow", "--type", "Task")["key"]

    tried = text(shop, "workflow", "adopt", "adopting", "software", "--dry-run")
    before = told(shop, "issue", "show", key)["stage"]
    done = told(shop, "workflow", "adopt", "ADO", "software", "--stage", "New=In Progress")

    assert "would move" in tried
    assert (before, told(shop, "issue", "show", key)["stage"]) == ("New", "In Progress")
    assert done["migration"]["steps"][0]["to"] == "In Progress"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("show", "waterfall"), "waterfall"),
        (("show", "kanban", "--version", "9"), "9"),
        (("save", "/proc/nowhere.json"), "/proc/nowhere.json can't be read: No such file"),
        (("save", "/dev/null"), "holds no workflow"),
        (("adopt", "nothing", "software"), "There is no project nothing"),
        (("adopt", "till", "software", "--stage", "New"), "“New” isn't OLD=NEW"),
        (("adopt", "till", "software", "--stage", "New=Limbo"), "Limbo"),
    ],
)
def test_what_a_workflow_command_cannot_do_it_says(shop: Running, words: tuple[str, ...], sentence: str) -> None:
    assert sentence in refusal(shop, "workflow", *words)


# -------------------------------------------------------------------------------------------------------------- fields


def test_a_field_is_added_listed_and_given(shop: Running) -> None:
    made = told(shop, "field", "add", "Till number", "--kind", "number", "--help-text", "Which till")
    told(shop, "field", "add", "Colour", "--kind", "choice", "--choice", "Red", "--choice", "Blue")

    key = told(shop, "issue", "create", "till", "Jams", "--field", "Till number=7", "--field", "colour=red")["key"]

    assert made["slug"] == "till_number"
    assert {each["slug"] for each in told(shop, "field", "list")["items"]} >= {"till_number", "colour"}
    assert "Red, Blue" in text(shop, "field", "list")
    assert told(shop, "issue", "show", key)["fields"] == {"till_number": 7, "colour": "Red"}
    assert [key] == [each["key"] for each in told(shop, "issue", "list", "field.till_number:7")["items"]]


def test_a_field_that_makes_no_sense_is_refused(shop: Running) -> None:
    told(shop, "field", "add", "Aisle")

    assert "needs something to choose from" in refusal(shop, "field", "add", "Shade", "--kind", "choice")
    assert "aisle" in refusal(shop, "field", "add", "Aisle").casefold()
    assert "no issue type Ghost" in refusal(shop, "field", "add", "Sheet", "--type", "Ghost")
    assert "“Aisle” isn't NAME=VALUE" in refusal(shop, "issue", "create", "till", "Jams", "--field", "Aisle")
    assert "invalid choice" in misuse(shop, "field", "add", "Shade", "--kind", "colour")


def test_a_type_has_a_template(shop: Running) -> None:
    made = told(shop, "type", "template", "UI/UX", "-", given="## Where\n\n## What\n")

    assert (made["name"], made["template"]) == ("UI/UX", "## Where\n\n## What")
    assert {one["name"]: one["template"] for one in told(shop, "type", "list")["items"]}["UI/UX"] == made["template"]
    assert "## Where" in text(shop, "type", "list")
    assert "There is no type Ghost" in refusal(shop, "type", "template", "Ghost", "/dev/null")
    assert "can't be read" in refusal(shop, "type", "template", "Error", "/proc/nowhere")
    assert text(shop, "type", "template", "UI/UX", "/dev/null") == "A new UI/UX begins empty.\n"


# --------------------------------------------------------------------------------------------------------- designation


def test_rules_of_designation_are_set_shown_tried_and_applied(shop: Running) -> None:
    told(shop, "project", "create", "Naming", "--key", "NAM")
    key = told(shop, "issue", "create", "naming", "Slow")["key"]

    saved = told(shop, "designation", "set", "naming", "-", given="path:pay/** ada@shop.example\n* ada@shop.example\n")
    trial = told(shop, "designation", "try", key)
    by_path = text(shop, "designation", "try", "pay/card.py", "--project", "naming")
    applied = told(shop, "designation", "apply", "naming")

    assert saved["version"] >= 1
    assert trial["assignee"] == "ada@shop.example"
    assert "Ada <ada@shop.example>" in by_path
    assert applied["assigned"] == [key]
    assert told(shop, "issue", "show", key)["assignee"] == "ada@shop.example"
    assert "path:pay/**" in text(shop, "designation", "show", "naming")
    assert told(shop, "designation", "show", "naming")["rules_in_force"] >= 2


def test_a_file_of_owners_is_tried_and_taken(shop: Running, tmp_path: Path) -> None:
    told(shop, "project", "create", "Owned", "--key", "OWN")
    file = tmp_path / "CODEOWNERS"
    file.write_text("/backend/ @ada\n/web/ @ghost\n")
    asked = ("designation", "import-codeowners", "owned", str(file), "--owner", "@ada=ada@shop.example")

    tried = text(shop, *asked, "--dry-run")
    assert "1 rule would be taken" in tried
    assert "@ghost means nobody here" in tried
    assert told(shop, "designation", "try", "backend/x.py", "--project", "owned")["assignee"] is None
    taken = told(shop, *asked, "--map", "/app/=backend/")

    assert (taken["rules"], taken["owners"]) == (1, {"@ada": "ada@shop.example"})
    assert taken["unmapped"] == ["@ghost"]
    trial = told(shop, "designation", "try", "/app/x.py", "--project", "owned")
    assert trial["assignee"] == "ada@shop.example"


def test_people_have_skills_and_are_away(shop: Running) -> None:
    assert told(shop, "designation", "skills", "ada@shop.example", "python", "tills") == ["python", "tills"]
    made = told(
        shop, "designation", "away", "ada@shop.example", "2127-12-24", "--since", "2127-12-01T08:00+01:00",
        "--stand-in", "olga@shop.example", "--note", "Skiing",
    )  # fmt: skip

    ada = next(
        one for one in told(shop, "designation", "people")["items"] if one["person"]["email"] == "ada@shop.example"
    )
    assert ada["skills"] == ["python", "tills"]
    [absence] = ada["absences"]
    assert (absence["id"], absence["until"]) == (made["id"], "2127-12-24T00:00:00Z")
    assert "2127-12-01 to 2127-12-24" in text(shop, "designation", "people")
    assert "no skills" in text(shop, "designation", "skills", "ada@shop.example")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("show", "nothing"), "There is no project nothing"),
        (("set", "till", "/proc/nowhere"), "/proc/nowhere can't be read"),
        (("try", "TIL-999"), "There is no issue TIL-999"),
        (("apply", "nothing"), "There is no project nothing"),
        (("import-codeowners", "till", "/dev/null", "--owner", "@ada"), "“@ada” isn't NAME=OWNER"),
        (("import-codeowners", "till", "/dev/null", "--map", "app"), "“app” isn't STACK=SOURCE"),
        (("skills", "ghost@shop.example", "python"), "ghost@shop.example"),
        (("away", "ada@shop.example", "2001-01-01"), ""),
        (("away", "ghost@shop.example", "2127-01-01"), "ghost@shop.example"),
    ],
)
def test_what_designation_cannot_do_it_says(shop: Running, words: tuple[str, ...], sentence: str) -> None:
    message = refusal(shop, "designation", *words)

    assert sentence in message
    assert message.endswith(".")


def test_rules_that_cannot_be_read_say_where(shop: Running) -> None:
    ended = run(shop, "designation", "set", "till", "-", "--json", given="* ada@shop.example\npath: ada\n")

    assert ended.code == 1
    assert "Line 2: " in ended.json["error"]["message"]


# -------------------------------------------------------------------------------------------------------------- issues


def test_issues_are_put_under_another_and_taken_out(shop: Running) -> None:
    whole, part = (told(shop, "issue", "create", "till", title)["key"] for title in ("Whole", "Part"))

    assert told(shop, "issue", "parent", part, whole.lower())["parent"] == whole
    assert f"{part} stands by itself" in text(shop, "issue", "parent", part, "none")
    assert told(shop, "issue", "show", part)["parent"] == ""
    assert "itself" in refusal(shop, "issue", "parent", part, part)
    assert "There is no issue TIL-999" in refusal(shop, "issue", "parent", part, "TIL-999")


def test_all_that_a_search_finds_is_exported(shop: Running, tmp_path: Path) -> None:
    told(shop, "project", "create", "Exported", "--key", "EXP")
    for title in ("One", "Zwei, “drei”"):
        told(shop, "issue", "create", "exported", title)
    table, book = tmp_path / "issues.csv", tmp_path / "issues.xlsx"

    said = text(shop, "issue", "export", "project:exported", "--out", str(table))
    lines = text(shop, "issue", "export", "project:exported", "--format", "jsonl").splitlines()
    text(shop, "issue", "export", "project:exported", "--format", "xlsx", "--out", str(book))

    assert said == f"2 issues are in {table}.\n"
    assert {json.loads(line)["key"] for line in lines} == {"EXP-1", "EXP-2"}
    assert "Zwei, “drei”" in table.read_text("utf-8-sig")
    assert "xl/worksheets/sheet1.xml" in zipfile.ZipFile(book).namelist()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--format", "xlsx"), "Say where to with --out FILE"),
        (("--format", "pdf"), "pdf"),
        (("is:nonsense",), "nonsense"),
        (("--out", "/proc/nowhere/issues.csv"), "/proc/nowhere/issues.csv can't be written"),
    ],
)
def test_an_export_that_cannot_be_says_why(shop: Running, words: tuple[str, ...], sentence: str) -> None:
    ended = run(shop, "issue", "export", *words)

    assert ended.code == 1
    assert sentence in ended.err


# ------------------------------------------------------------------------------------------------ releases and checks


def test_releases_deploys_and_checks_are_told_and_listed(shop: Running) -> None:
    sha = "a" * 40
    made = told(shop, "release", "new", "till@1.0.0", "--project", "till", "--released", "2026-01-02T03:04+01:00")
    told(shop, "release", "set-commits", "till@1.0.0", "--repository", "shop/till", "--commit", sha)
    deploy = told(shop, "deploy", "new", "till@1.0.0", "production", "--at", "2026-01-02T04:00:00Z")
    check = told(shop, "check", "report", "e2e", "success", "--commit", sha[:7], "--repository", "shop/till")

    assert (made["version"], made["projects"]) == ("till@1.0.0", ["till"])
    assert (deploy["environment"], deploy["at"]) == ("production", "2026-01-02T04:00:00Z")
    assert (check["state"], check["sha"]) == ("passed", sha)
    shown = told(shop, "release", "show", "till@1.0.0")
    assert [one["sha"] for one in shown["commits"]] == [sha]
    assert "production" in text(shop, "release", "show", "till@1.0.0")
    assert "till@1.0.0" in text(shop, "release", "list")
    assert "till@1.0.0" in text(shop, "deploy", "list", "--environment", "production")
    assert told(shop, "deploy", "list", "--environment", "moon")["items"] == []
    assert [one["name"] for one in told(shop, "check", "list", "--name", "e2e")["items"]] == ["e2e"]
    assert "passed" in text(shop, "check", "list")
    assert told(shop, "release", "list", "--limit", "1")["items"][0]["version"] == "till@1.0.0"


def test_the_commits_of_a_clone_are_told_with_their_parents(shop: Running, tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=Ada", "-c", "user.email=ada@shop.example"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    # One by a program that writes Latin-1.
    for message in (b"First", b"Z\xe4hle richtig"):
        subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--file", "-"], input=message, check=True)

    found = told(shop, "release", "set-commits", "till@2.0.0", "--repository", "shop/clone", "--git", str(tmp_path))

    first, second = found
    assert second["parents"] == [first["sha"]]
    assert first["author_email"] == "ada@shop.example"
    asked = ("release", "set-commits", "till@2.0.0", "--repository", "shop/clone", "--git")
    assert "Git can't read HEAD" in refusal(shop, *asked, str(tmp_path / "none"))
    assert "Git can't read --output=x" in refusal(shop, *asked, str(tmp_path), "--range=--output=x")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("release", "new", ""), ""),
        (("release", "new", "a@1", "--project", "nothing"), "There is no project nothing"),
        (("release", "show", "till@9"), "till@9"),
        (("release", "set-commits", "a@1", "--repository", "shop/till"), "between 1 and 2,000 commits"),
        (("release", "set-commits", "a@1", "--repository", "shop/till", "--commit", "banana"), "banana"),
        (("deploy", "new", "a@1", " "), "Name the environment"),
        (("deploy", "new", "a@1", "production", "--at", "2127-01-01"), "not before"),
        (("check", "report", "e2e", "banana", "--release", "a@1"), "There is no state “banana”"),
        (("check", "report", "", "passed", "--release", "a@1"), "Name the check"),
    ],
)
def test_what_cannot_be_told_of_a_release_is_refused(shop: Running, words: tuple[str, ...], sentence: str) -> None:
    message = refusal(shop, *words)

    assert sentence in message
    assert message.endswith(".")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("deploy", "new", "a@1", "production", "--at", "soon"), "“soon” is no moment. Write it like 2026-12-24"),
        (("release", "new", "a@1", "--released", "0001-01-01"), "“0001-01-01” is no moment"),
        (("designation", "away", "ada@shop.example", "soon"), "“soon” is no moment"),
        (("check", "report", "e2e", "passed"), "one of the arguments --commit --release is required"),
        (("release", "list", "--limit", "0"), "0 is less than 1"),
        (("deploy", "list", "--limit", "-1"), "-1 is less than 1"),
        (("check", "list", "--limit", "many"), "many"),
        (("rule", "try", "--days", "0"), "0 is less than 1"),
        (("rule", "mode", "Name", "fast"), "invalid choice"),
    ],
)
def test_a_command_that_is_used_wrongly_says_how_and_ends_with_2(
    shop: Running, words: tuple[str, ...], sentence: str
) -> None:
    assert sentence in misuse(shop, *words)


# --------------------------------------------------------------------------------------------------------------- rules


def test_a_rule_is_tried_written_shown_switched_and_deleted(shop: Running, tmp_path: Path) -> None:
    told(shop, "issue", "create", "till", "Leak", "--type", "Security")
    file = tmp_path / "rule.txt"
    file.write_text(RULE)

    tried = told(shop, "rule", "try", "--file", str(file), "--days", "7", "--project", "till")
    made = told(shop, "rule", "create", "Leaks first", "--file", str(file))
    on = told(shop, "rule", "mode", "leaks first", "on")

    assert (tried["days"], tried["firings"]) == (7, 1)
    assert "In the last 30 days it would have fired once, for one issue" in text(shop, "rule", "try", given=RULE)
    assert (made["mode"], on["mode"]) == ("dry", "on")
    assert told(shop, "rule", "show", str(made["id"]))["rule"]["text"] == RULE.strip()
    assert "Leaks first (on)" in text(shop, "rule", "show", "Leaks first")
    assert "then priority High" in text(shop, "rule", "list")
    assert told(shop, "rule", "delete", "Leaks first") == {"deleted": "Leaks first"}
    assert told(shop, "rule", "list")["items"] == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("create", "Broken", "--file", "/dev/null"), ""),
        (("create", "Broken", "--file", "/proc/nowhere"), "/proc/nowhere can't be read: No such file"),
        (("try", "--file", "/usr/bin/env"), "no text in UTF-8"),
        (("show", "Ghost"), "There is no rule “Ghost”"),
        (("mode", "Ghost", "on"), "There is no rule “Ghost”"),
        (("delete", "Ghost"), "There is no rule “Ghost”"),
        (("change", "Ghost", "--rename", "Spirit"), "There is no rule “Ghost”"),
        (("undo", "999999"), "There is no run 999999"),
    ],
)
def test_what_a_rule_command_cannot_do_it_says(shop: Running, words: tuple[str, ...], sentence: str) -> None:
    message = refusal(shop, "rule", *words)

    assert sentence in message
    assert message.endswith(".")


def test_a_rule_is_changed_in_what_is_said_alone(shop: Running, tmp_path: Path) -> None:
    file = tmp_path / "rule.txt"
    file.write_text("when clock 75\nthen notify assignee\n")
    told(shop, "rule", "create", "At risk", "--file", str(file), "--project", "till")
    told(shop, "rule", "mode", "At risk", "on")

    renamed = told(shop, "rule", "change", "at risk", "--rename", "Running late")
    wider = told(shop, "rule", "change", "Running late", "--project", "all")
    rewritten = told(shop, "rule", "change", "Running late", "--file", "-", given="when clock 90\nthen label late")

    assert (renamed["text"], renamed["project"], wider["project"]) == (
        "when clock 75\nthen notify assignee",
        "till",
        "",
    )
    assert (rewritten["name"], rewritten["text"], rewritten["mode"]) == (
        "Running late",
        "when clock 90\nthen label late",
        "on",
    )


# --------------------------------------------------------------------------------------------------------- deliveries


def test_what_was_sent_is_listed_shown_and_sent_again(shop: Running) -> None:
    told(shop, "channel", "add", "#alerts", "--kind", "slack", "--address", "https://hooks.example/x")
    number = told(shop, "channel", "test", "#alerts")["delivery"]

    [one] = [each for each in told(shop, "delivery", "list")["items"] if each["id"] == number]

    assert (one["channel"], one["state"]) == ("#alerts", "waiting")
    assert "Waiting, through #alerts." in text(shop, "delivery", "show", str(number))
    assert told(shop, "delivery", "resend", str(number)) == {"resent": number}
    assert refusal(shop, "delivery", "show", "999999") == "There is no such message."
    assert "invalid choice" in misuse(shop, "delivery", "list", "--state", "lost")


# ---------------------------------------------------------------------------------------------------------- followers


def test_what_was_set_aside_is_told_by_the_doctor_listed_and_tried_again(shop: Running) -> None:
    key = told(shop, "issue", "create", "till", "Slow")["key"]
    with closing(sqlite3.connect(shop.data / "errata.db")) as records, records:
        (activity,) = records.execute("SELECT MAX(id) FROM issues_activity").fetchone()
        now = "2026-11-23 12:00:00"
        records.execute(
            "INSERT INTO issues_followerplace (name, activity_id, singly_to, again, updated_at) VALUES (?, ?, 0, 0, ?)",
            ("notices", activity, now),
        )
        aside = ("notices", activity, "KeyError('stage')", False, now)
        records.execute(
            "INSERT INTO issues_setaside (follower, activity_id, reason, again, at) VALUES (?, ?, ?, ?, ?)", aside
        )

    doctor = {part["part"]: part for part in run(shop, "doctor", "--json").json["parts"]}["followers"]
    [item] = told(shop, "follower", "list")["items"]

    assert doctor["well"] is False
    assert "notices 1" in doctor["text"]
    assert (item["key"], item["reason"], item["again"]) == (key, "KeyError('stage')", False)
    assert "KeyError" in text(shop, "follower", "list")
    assert refusal(shop, "follower", "retry", "clocks").startswith("Nothing of that was set aside.")
    assert told(shop, "follower", "retry", "notices", "--activity", str(activity)) == {"tried_again": 1}
    assert told(shop, "follower", "list")["items"][0]["again"] is True
