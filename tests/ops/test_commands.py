"""The command line, as a script and a person at a terminal use it: before `errata serve` runs, and while it does."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from errata.ops import cli
from tests.running import PASSWORD, ROOT, Running, free_port, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("commands")]

INIT = ("init", "--email", "olga@shop.example", "--password", PASSWORD, "--organization", "Shop")
KEYS_OF_AN_ISSUE = {
    "key", "title", "culprit", "type", "priority", "severity", "stage", "assignee", "project", "count", "users",
    "first_seen", "last_seen",
}  # fmt: skip


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run(at: Running, *words: str, given: str = "", **environment: str) -> Ended:
    """Run `errata …` against an installation, however it ends."""
    done = subprocess.run(
        [sys.executable, "-m", "errata", *words], cwd=ROOT, env={**at.environment, **environment}, input=given,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return Ended(done.returncode, done.stdout, done.stderr)


def told(at: Running, *words: str, **more: str) -> Any:
    """Run a command that succeeds, and return its JSON."""
    ended = run(at, *words, "--json", **more)
    assert ended.code == 0, ended
    return ended.json


def refusal(at: Running, *words: str) -> str:
    """Run a command that is refused, and return its sentence."""
    ended = run(at, *words, "--json")
    assert ended.code == 1, ended
    error = ended.json["error"]
    assert error.keys() == {"code", "message"}
    return str(error["message"])


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Running:
    """A data directory that isn't there."""
    return Running(tmp_path_factory.mktemp("nowhere") / "data", free_port())


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Running:
    """An installation that is set up and that nobody serves."""
    made = Running(tmp_path_factory.mktemp("offline") / "data", free_port())
    made.initialise()
    return made


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """An installation that runs, with the demo's shop in it."""
    made = Running(tmp_path_factory.mktemp("served") / "data", free_port(), {"ERRATA_WORKERS": "1"})
    made.start()
    try:
        made.initialise()
        fill(made)
        yield made
    finally:
        made.stop()


def fill(at: Running) -> None:
    told(at, "demo", "--scale", "0.1")
    until(lambda: len(told(at, "issue", "list")["items"]) >= 10, within_s=60, why="the demo's issues are there")


# ------------------------------------------------------------------------------------------------------ before set-up


@pytest.mark.parametrize(
    "words",
    [("project", "list"), ("issue", "list"), ("user", "list"), ("audit", "verify"), ("demo",), ("backup", "x.tar.zst")],
)
def test_without_data_a_command_says_how_to_begin_and_makes_nothing(nowhere: Running, words: tuple[str, ...]) -> None:
    assert refusal(nowhere, *words) == (
        f"There is no Errata data in {nowhere.data}. Set ERRATA_DATA, or begin with `errata serve` or `errata init`."
    )
    assert not nowhere.data.exists()


def test_a_refusal_is_a_sentence_for_a_person_and_json_for_a_script(nowhere: Running) -> None:
    spoken, written = run(nowhere, "project", "list"), run(nowhere, "project", "list", "--json")

    assert (spoken.code, spoken.out) == (1, "")
    assert (written.code, written.err) == (1, "")
    assert spoken.err == f"errata: {written.json['error']['message']}\n"
    assert written.json["error"]["code"] == "data_directory_refused"


def test_doctor_finds_what_is_missing_and_ends_with_1(nowhere: Running) -> None:
    ended = run(nowhere, "doctor", "--json")

    unwell = {part["part"] for part in ended.json["parts"] if not part["well"]}
    assert ended.code == 1
    assert ended.json["well"] is False
    assert {"data directory", "records"} <= unwell


def test_words_that_are_no_command_are_answered_with_the_commands_and_2(nowhere: Running) -> None:
    for words in ((), ("nonsense",), ("issue",), ("init", "--email", "olga@shop.example")):
        ended = run(nowhere, *words)
        assert (ended.code, ended.out) == (2, ""), words
        assert "usage: errata" in ended.err


def test_it_tells_its_version(nowhere: Running) -> None:
    assert run(nowhere, "--version").out.startswith("errata ")


# ------------------------------------------------------------------------------------------------ set up, not served


def test_init_prints_what_a_script_needs_to_go_on(tmp_path) -> None:
    at = Running(tmp_path / "data", free_port())

    made = told(at, *INIT, "--project", "Storefront", "--platform", "django")

    assert made.keys() == {"organization", "project", "token"}
    assert made["organization"]["name"] == "Shop"
    assert made["project"].keys() >= {"id", "key", "slug", "dsn"}
    assert (made["project"]["slug"], made["project"]["name"]) == ("storefront", "Storefront")
    scheme, _, rest = made["project"]["dsn"].partition("://")
    key, _, place = rest.partition("@")
    assert (scheme, len(key), place) == ("http", 32, f"127.0.0.1:{at.port}/{made['project']['id']}")
    [token] = told(at, "token", "list")["items"]
    assert made["token"].startswith(token["prefix"])
    assert {"org:own", "audit:read"} <= set(token["scopes"])


def test_init_takes_the_public_address_for_the_dsn(tmp_path) -> None:
    at = Running(tmp_path / "data", free_port(), {"ERRATA_URL": "https://errata.shop.example/e"})

    made = told(at, *INIT)

    assert made["project"]["dsn"].startswith("https://")
    assert made["project"]["dsn"].endswith(f"@errata.shop.example/e/{made['project']['id']}")


def test_init_happens_once(offline: Running) -> None:
    assert "set up already" in refusal(offline, *INIT)


def test_init_refuses_a_password_that_is_none(tmp_path) -> None:
    at = Running(tmp_path / "data", free_port())

    message = refusal(at, "init", "--email", "olga@shop.example", "--password", "short", "--organization", "Shop")

    assert "too short" in message
    assert "The project: A name has 1 to 80" in refusal(at, *INIT, "--project", "x" * 81)
    assert told(at, *INIT)["organization"]["name"] == "Shop"


def test_projects_are_created_and_listed(offline: Running) -> None:
    made = told(offline, "project", "create", "Payments", "--key", "PAY", "--platform", "python")
    spoken = run(offline, "project", "list").out.splitlines()

    assert (made["key"], made["slug"], made["open_issues"]) == ("PAY", "payments", 0)
    assert made in told(offline, "project", "list")["items"]
    assert spoken[0].split() == ["ID", "KEY", "SLUG", "NAME", "PLATFORM", "OPEN"]
    assert any(line.split()[1:3] == ["PAY", "payments"] for line in spoken)


def test_keys_are_created_listed_and_switched(offline: Running) -> None:
    made = told(offline, "key", "create", "storefront", "--name", "Staging", "--quota", "60")

    listed = told(offline, "key", "list", "storefront")["items"]
    off = told(offline, "key", "disable", made["public_key"])
    on = told(offline, "key", "enable", str(made["id"]))
    spoken = run(offline, "key", "list").out

    assert made in listed
    assert made["dsn"].partition("@")[0].endswith(made["public_key"])
    assert (made["quota_per_minute"], off["active"], on["active"]) == (60, False, True)
    assert "storefront" in spoken
    assert "`errata key list` shows them" in refusal(offline, "key", "disable", "nobody")
    assert "no project nothing" in refusal(offline, "key", "create", "nothing")


def test_people_are_created_with_a_password_that_is_shown_once(offline: Running) -> None:
    made = told(offline, "user", "create", "bob@shop.example", "--role", "admin")

    listed = told(offline, "user", "list")["items"]

    assert len(made["password"]) >= 12
    assert {"bob@shop.example": "admin", "olga@shop.example": "owner"}.items() <= {
        person["email"]: person["role"] for person in listed
    }.items()
    assert made["password"] not in json.dumps(listed)
    assert "has an account already" in refusal(offline, "user", "create", "bob@shop.example")
    assert run(offline, "user", "create", "eve@shop.example", "--role", "king").code == 2


def test_a_link_lets_somebody_in_whom_no_mail_reaches(offline: Running) -> None:
    made = told(offline, "user", "reset-password", "olga@shop.example")

    assert made["url"].startswith(f"http://127.0.0.1:{offline.port}/reset/")
    assert "once, within an hour" in run(offline, "user", "reset-password", "olga@shop.example").out
    assert "Nobody in the organisation" in refusal(offline, "user", "reset-password", "nobody@shop.example")


def test_tokens_are_created_listed_and_revoked(offline: Running) -> None:
    made = told(offline, "token", "create", "--scopes", "issue:read, issue:write", "--name", "CI", "--days", "30")

    listed = told(offline, "token", "list")["items"]
    gone = told(offline, "token", "revoke", str(made["id"]))

    assert made["token"].startswith(made["prefix"])
    assert made["scopes"] == ["issue:read", "issue:write"]
    assert made["owner"].keys() == {"id", "email", "name"}
    assert made["expires_at"] > made["created_at"]
    assert made["id"] in [token["id"] for token in listed]
    assert made["token"] not in json.dumps(listed)
    assert gone == {"id": made["id"], "revoked": True}
    assert made["id"] not in [token["id"] for token in told(offline, "token", "list")["items"]]
    assert "revoked already" in refusal(offline, "token", "revoke", str(made["id"]))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--scopes", "everything"), "There is no scope everything."),
        (("--scopes", ""), "at least one scope"),
        (("--scopes", "issue:read", "--days", "-3"), "from 1 to"),
        (("--scopes", "issue:read", "--days", "0"), "from 1 to"),
        (("--scopes", "issue:read", "--days", "999999999999"), "from 1 to"),
        (("--scopes", "issue:read", "--for", "nobody@shop.example"), "Nobody in the organisation"),
    ],
)
def test_a_token_that_makes_no_sense_is_refused(offline: Running, words: tuple[str, ...], sentence: str) -> None:
    assert sentence in refusal(offline, "token", "create", *words)


def test_an_issue_is_worked_from_report_to_close(offline: Running) -> None:
    told(offline, "user", "create", "tess@shop.example", "--name", "Tess")
    made = told(
        offline, "issue", "create", "storefront", "Refunds arrive twice", "--type", "Error", "--priority", "High"
    )
    key = made["key"]

    assert made.keys() >= KEYS_OF_AN_ISSUE
    assert (made["stage"], made["assignee"], made["moves"]) == ("New", None, ["Assigned", "Closed"])
    assert told(offline, "issue", "assign", key.lower(), "tess@shop.example")["stage"] == "Assigned"
    assert told(offline, "issue", "stage", key, "retest", "--comment", "Deployed with 4.12.2.")["stage"] == "Retest"
    assert told(offline, "issue", "comment", key, "-", given="Holds **so far**.\n")["body"] == "Holds **so far**."
    assert told(offline, "issue", "stage", key, "Fixed")["stage"] == "Fixed"
    assert told(offline, "issue", "stage", key, "Closed")["stage"] == "Closed"

    shown = told(offline, "issue", "show", key)
    spoken = run(offline, "issue", "show", key).out
    assert (shown["assignee"], shown["comments"], shown["moves"]) == ("tess@shop.example", 2, ["Revise"])
    assert "Deployed with 4.12.2." in spoken
    assert "assignee Tess" in spoken
    assert "{" not in spoken, "a person reads names, not the records"
    assert [key] == [each["key"] for each in told(offline, "issue", "list", "refunds", "is:closed")["items"]]


def test_issues_are_linked_and_unlinked(offline: Running) -> None:
    keys = [told(offline, "issue", "create", "storefront", title)["key"] for title in ("Slow bank", "Refunds wait")]

    made = told(offline, "issue", "link", keys[0], "blocks", keys[1].lower())
    spoken = run(offline, "issue", "show", keys[1]).out
    taken = told(offline, "issue", "unlink", keys[0], "blocks", keys[1])

    assert [(link["words"], link["issue"]) for link in made["links"]] == [("blocks", keys[1])]
    assert f"is blocked by {keys[0]}" in spoken
    assert taken["links"] == []
    assert "There is no link" in refusal(offline, "issue", "unlink", keys[0], "blocks", keys[1])


def test_an_issue_is_shown_and_listed_as_it_was(offline: Running) -> None:
    made = told(offline, "issue", "create", "storefront", "Invoices lack their numbers")
    key, then = made["key"], made["updated_at"]
    told(offline, "issue", "stage", key, "Closed", "--reason", "won't fix")

    shown = told(offline, "issue", "show", key, "--as-of", then)
    spoken = run(offline, "issue", "show", key, "--as-of", then).out
    listed = told(offline, "issue", "list", "is:open", "invoices", "--as-of", then)["items"]

    assert (shown["stage"], [each["key"] for each in listed]) == ("New", [key])
    assert not shown.keys() & {"moves", "score", "watchers"}
    assert spoken.startswith("As it was at 20")
    assert "Closed" not in spoken
    assert key in run(offline, "issue", "list", "invoices", "--as-of", then).out
    assert "it came at" in refusal(offline, "issue", "show", key, "--as-of", "2020-01-01")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("show", "STO-999"), "There is no issue STO-999."),
        (("create", "storefront", ""), "The title can't be empty."),
        (("create", "storefront", "A title", "--type", "Bug"), "There is no type “Bug”. One of: Error"),
        (("create", "nothing", "A title"), "There is no project nothing."),
        (("list", "--sort", "nonsense"), "There is no order “nonsense”. One of: last_seen"),
        (("list", "is:open", "(level:error"), "This parenthesis isn't closed."),
        (("list", "clock:breached", "--as-of", "2026-01-01"), "“clock” can’t be told of the past"),
        (("list", "--as-of", "yesterday"), "“yesterday” is no time"),
        (("list", "--as-of", "2999-01-01"), "is still to come"),
    ],
)
def test_what_an_issue_command_cannot_do_it_says(offline: Running, words: tuple[str, ...], sentence: str) -> None:
    assert sentence in refusal(offline, "issue", *words)


def test_the_clocks_of_an_issue_are_listed_explained_and_advised_on(served: Running) -> None:
    key = told(served, "issue", "create", "storefront", "Slow at noon", "--type", "Performance")["key"]
    explained = until(lambda: told(served, "clock", "explain", key)["clocks"], within_s=20, why="its clocks run")
    answer = told(served, "clock", "list")
    listed, forecast = answer["items"], answer["forecast"]
    advised = run(served, "clock", "advise", "storefront")

    assert [clock["clock"] for clock in explained] == ["response", "update", "resolution"]
    assert [(item["clock"], item["probability"]) for item in listed if item["key"] == key] == [("response", None)]
    assert (advised.code, advised.out) == (
        0,
        "Nothing was learnt yet: it takes thirty resolved issues whose time was promised, and up to an hour.\n",
    )
    assert forecast["expected"] is None
    assert forecast["untold"] > 0
    assert told(served, "clock", "advise", "storefront") == {"items": [], "next": None}
    assert "There is no project nothing." in refusal(served, "clock", "advise", "nothing")


def test_a_search_that_cannot_be_read_is_pointed_at(offline: Running) -> None:
    lines = run(offline, "issue", "list", "is:open", "level:(").err.splitlines()

    assert lines[0] == "  is:open level:("
    assert lines[1].index("^") == lines[0].index("(")


def test_a_limit_is_a_number_from_one(offline: Running) -> None:
    assert run(offline, "issue", "list", "--limit", "0").code == 2
    assert run(offline, "issue", "list", "--limit", "many").code == 2


def test_events_wait_for_the_server_and_the_command_says_so(offline: Running) -> None:
    message = refusal(offline, "event", "show", "a" * 32)

    assert "`errata serve`" in message


def test_the_demo_needs_a_running_server(offline: Running) -> None:
    assert f"No server answers at {offline.url}." in refusal(offline, "demo")


def test_the_audit_log_is_verified_exported_and_its_head_kept(offline: Running, tmp_path) -> None:
    export = tmp_path / "audit.jsonl"
    told(offline, "project", "create", "Audited")
    head = told(offline, "audit", "head")["head"]

    verified = told(offline, "audit", "verify", "--head", head)
    assert run(offline, "audit", "export", str(export)).code == 0
    lines = export.read_text().splitlines()
    elsewhere = run(offline, "audit", "verify", "--file", str(export), "--json", ERRATA_DATA=str(tmp_path / "none"))

    assert (verified["ok"], verified["faults"]) == (True, [])
    assert len(lines) == verified["entries"] + 1
    assert run(offline, "audit", "export").out.splitlines() == lines
    assert elsewhere.json["head"] == verified["head"]
    assert "not signed by this installation" in refusal(offline, "audit", "verify", "--head", head[:-2] + "xx")


def test_an_export_that_was_changed_is_found_out_and_ends_with_1(offline: Running, tmp_path) -> None:
    export = tmp_path / "audit.jsonl"
    run(offline, "audit", "export", str(export))
    lines = export.read_text().splitlines(keepends=True)
    export.write_text("".join([lines[0].replace("Shop", "Shed"), *lines[1:]]))

    ended = run(offline, "audit", "verify", "--file", str(export))

    assert ended.code == 1
    assert "BROKEN in 1 place(s)" in ended.out
    assert "entry 1" in ended.out


@pytest.mark.parametrize("words", [("audit", "export"), ("backup",)])
def test_a_place_that_cannot_be_written_is_refused_in_a_sentence(offline: Running, words: tuple[str, ...]) -> None:
    ended = run(offline, *words, "/proc/nowhere/file")

    assert ended.code == 1
    assert ended.err.startswith("errata: ")
    assert "/proc/nowhere" in ended.err


def test_a_backup_is_restored_elsewhere_and_never_overwrites(offline: Running, tmp_path) -> None:
    archive, other = tmp_path / "errata.tar.zst", Running(tmp_path / "other", free_port())

    taken = told(offline, "backup", str(archive))
    put = told(other, "restore", str(archive))

    assert taken["files"] == put["files"]
    assert archive.stat().st_mode & 0o077 == 0, "it holds every secret of the installation"
    assert told(other, "project", "list")["items"][0]["slug"] == told(offline, "project", "list")["items"][0]["slug"]
    assert "is there already" in refusal(offline, "backup", str(archive))
    assert "--force" in refusal(other, "restore", str(archive))
    assert "There is no file" in refusal(other, "restore", str(tmp_path / "missing"))


def test_records_of_an_older_version_are_named_and_migrate_brings_them_up(tmp_path) -> None:
    at = Running(tmp_path / "data", free_port())
    for directory in (at.data, at.data / "run"):
        directory.mkdir(mode=0o700)  # as `serve` makes it, before it has made any table

    before = run(at, "project", "list", "--json")
    migrated = run(at, "migrate")

    assert (before.code, before.json["error"]["code"]) == (1, "records_behind")
    assert migrated.code == 0
    assert run(at, "project", "list", "--json").json["error"]["code"] == "not_set_up"


def test_a_reader_that_has_seen_enough_is_no_failure(offline: Running) -> None:
    command = f"{sys.executable} -m errata audit export | head -c 1 >/dev/null; exit ${{PIPESTATUS[0]}}"

    ended = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=offline.environment, capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stderr) == (0, "")


# --------------------------------------------------------------------------------------------------------------- served


def test_the_demo_says_what_it_sent_and_nothing_else(served: Running) -> None:
    ended = run(served, "demo", "--scale", "0.01")

    assert ended.code == 0
    assert ended.err == ""
    assert ended.out.rstrip().endswith(f"{served.url}/issues/")


def test_the_demo_has_something_in_every_stage(served: Running) -> None:
    found = told(served, "issue", "list", "project:[storefront-demo,payments-demo,fulfilment-demo]", "--limit", "100")[
        "items"
    ]
    whole = next(each for each in found if each["parts"])

    # Fixed and Closed come back where the demo has been sent again.
    assert {each["stage"] for each in found} >= {"New", "Assigned", "Revise", "Retest"}
    assert (whole["parts"], whole["stage"]) == (3, "Assigned")
    assert told(served, "issue", "list", "is:blocked")["items"][0]["key"] == whole["key"]


def test_an_event_is_shown_with_its_stack_by_its_issue_or_its_id(served: Running) -> None:
    issue = told(served, "issue", "list", "level:error", "--limit", "1")["items"][0]

    newest = told(served, "event", "show", issue["key"])
    by_id = told(served, "event", "show", newest["id"])
    spoken = run(served, "event", "show", newest["id"]).out
    payload = json.loads(run(served, "event", "show", newest["id"], "--payload").out)

    assert by_id == newest
    assert newest["issue"] == issue["key"]
    assert newest["exceptions"][-1]["frames"]
    assert newest["title"] in spoken
    assert payload["exception"]["values"]
    assert "There is no event" in refusal(served, "event", "show", "f" * 32)


def test_search_and_sort_reach_the_events(served: Running) -> None:
    assert told(served, "issue", "list", "has:region", "--limit", "2")["items"]
    counts = [each["count"] for each in told(served, "issue", "list", "--sort", "count")["items"]]
    assert counts == sorted(counts, reverse=True)


def test_doctor_asks_the_running_parts(served: Running) -> None:
    found = {part["part"]: part for part in told(served, "doctor")["parts"]}

    assert all(part["well"] for part in found.values()), found
    assert served.url in found["server"]["text"]
    assert found["event store"]["text"] == "answers"


def test_what_a_command_changes_the_running_server_knows(served: Running) -> None:
    made = told(served, "project", "create", "Warehouse")
    token = told(served, "token", "create", "--scopes", "project:read")["token"]

    listed = served.get("/api/v1/projects", token=token)["items"]

    assert made["slug"] in [project["slug"] for project in listed]


def test_the_demo_cleans_up_after_itself(served: Running) -> None:
    own = told(served, "issue", "create", "storefront", "TypeError: ours, and nobody else's")

    removed = told(served, "demo", "--remove")["removed"]

    assert set(removed) == {"Storefront (demo)", "Payments (demo)", "Fulfilment (demo)"}
    assert told(served, "demo", "--remove")["removed"] == []
    assert {each["project"] for each in told(served, "issue", "list")["items"]} == {"storefront"}
    fill(served)  # for whichever test comes next
    # A project of one's own may be called as one of the shop's services is: its issues are nobody's to work.
    left = told(served, "issue", "show", own["key"])
    assert (left["stage"], left["assignee"]) == ("New", None)


def test_an_account_without_a_name_can_still_give_commands(offline: Running) -> None:
    code = (
        "import getpass, sys\n"
        "def nameless(): raise KeyError('getpwuid(): uid not found: 12345')\n"
        "getpass.getuser = nameless\n"
        "from errata.ops.cli import main\n"
        "sys.exit(main(['project', 'create', 'Nameless', '--json']))\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=offline.environment, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stderr
    assert f"uid {os.getuid()} (command line)" in run(offline, "audit", "export").out


def test_every_command_is_on_its_page_and_answers_in_json() -> None:
    page = (ROOT / "docs/howto/command-line.md").read_text()
    own_form = {"issue export", "audit export", "migrate", "serve", "store", "worker"}  # files, processes

    leaves = dict(_leaves(cli._parser(cli._modules([]))))

    assert [name for name in leaves if name not in page and name not in {"store", "worker"}] == []
    assert {name for name, parser in leaves.items() if "--json" not in parser.format_help()} == own_form


def _leaves(parser: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for word, under in inner[0].choices.items() if inner else ():
        yield from _leaves(under, f"{name} {word}".strip())
    if not inner:
        yield name, parser
