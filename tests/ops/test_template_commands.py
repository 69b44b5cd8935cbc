"""`errata template` and `errata issue rank`, as a script and a person at a terminal use them."""

import json
from pathlib import Path

import pytest

from tests.ops.test_commands import offline, refusal, run, told
from tests.running import Running

__all__ = ["offline"]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("commands")]


def test_a_template_is_taken_shown_changed_by_its_file_and_told(offline: Running, tmp_path: Path) -> None:
    told(offline, "project", "create", "Refunds", "--key", "REF")
    slugs = [ready["slug"] for ready in told(offline, "template", "gallery")["items"]]

    taken = told(offline, "template", "take", "web-shop", "refunds")
    own = taken["own"]
    own["maximum_time"]["targets"][0]["resolution"] = "3h"
    file = tmp_path / "refunds.json"
    file.write_text(json.dumps(own))
    changed = told(offline, "template", "set", "refunds", "--file", str(file), "--note", "Faster")
    again = told(offline, "template", "set", "REF", "--file", str(file))

    assert "web-shop" in slugs
    assert [each["version"] for each in (taken, changed, again)] == [1, 2, 2]
    assert changed["in_force"]["maximum_time"]["targets"][0]["resolution"] == "3h"
    assert "from the project Refunds" in run(offline, "template", "show", "refunds").out
    newest = told(offline, "template", "versions", "refunds")["items"][0]
    assert (newest["note"], newest["changes"]) == ("Faster", ["Resolution of severity Critical: 4h → 3h."])
    drift = run(offline, "template", "drift").out
    assert "Project Refunds" in drift
    assert "Resolution of severity Critical: 1d → 3h." in drift


def test_a_template_that_can_not_be_used_says_why_and_where(offline: Running, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{")

    assert "character 12" in refusal(offline, "template", "set", "--organization", "--ranking", "severity * banana")
    assert "is no JSON" in refusal(offline, "template", "set", "--organization", "--file", str(broken))
    assert "can't be read" in refusal(offline, "template", "set", "--organization", "--file", str(tmp_path / "none"))
    assert "Whose template?" in refusal(offline, "template", "show")
    assert "no template “bakery”" in refusal(offline, "template", "take", "bakery", "--organization")


def test_an_issue_tells_why_it_ranks_where_it_does(offline: Running) -> None:
    told(offline, "project", "create", "Ranks", "--key", "RNK")
    told(offline, "template", "set", "ranks", "--ranking", "priority * 10 + unassigned")
    key = told(offline, "issue", "create", "ranks", "Slow", "--priority", "High")["key"]

    why = told(offline, "issue", "rank", key)

    assert [(part["text"], part["value"]) for part in why["summands"]] == [("priority * 10", 10), ("unassigned", 1)]
    text = run(offline, "issue", "rank", key).out
    assert f"{key} has 11.00" in text
    assert "Priority High is 1." in text


def test_a_ranking_is_tried_before_it_is_saved(offline: Running) -> None:
    told(offline, "project", "create", "Queue", "--key", "QUE")
    for title, priority in (("First", "Low"), ("Then", "High")):
        told(offline, "issue", "create", "queue", title, "--priority", priority)

    tried = told(offline, "template", "try-ranking", "0 - priority", "queue")

    assert [(one["key"], one["before"], one["after"]) for one in tried["top"]] == [("QUE-1", 2, 1), ("QUE-2", 1, 2)]
    shown = run(offline, "template", "try-ranking", "0 - priority", "queue").out
    assert "2 of 2 open issues would move, in 1 project." in shown
    assert "no measure “speed”" in refusal(offline, "template", "try-ranking", "speed * 2", "queue")
    assert told(offline, "template", "show", "queue")["own"] == {}
