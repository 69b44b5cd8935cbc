"""The pages of rules: written as a sentence or as text, tried, switched, undone."""

from datetime import datetime
from typing import Any

from errata.apps.accounts.types import Actor
from errata.apps.automations import operations, queries
from errata.apps.issues import operations as issues
from tests.web.test_pages import HTMX, page_of

SENTENCE = {
    "name": "Critical first", "project": "", "when": "created", "argument": "", "where": "severity:Critical",
    "kind": ["label", "priority", "assign"], "value": ["urgent", "High", ""], "hourly": "20", "between": "",
}  # fmt: skip


def test_a_sentence_becomes_a_rule_that_is_dry(olga: Actor, browser: Any, payments: Any, now: datetime) -> None:
    client = browser(olga)

    answer = client.post("/process/rules/new/", SENTENCE, follow=True)

    [rule] = queries.list_automations(actor=olga, now=now)
    assert rule.text == "when created\nif severity:Critical\nthen label urgent\nthen priority High\nlimit 20 an hour"
    assert rule.mode == "dry"
    assert "Critical first" in answer.content.decode()


def test_what_cannot_be_read_is_shown_again_with_the_line(olga: Actor, browser: Any, payments: Any) -> None:
    posted = {"name": "Odd", "text": "when created\nthen explode"}

    answer = browser(olga).post("/process/rules/new/", posted)

    assert answer.status_code == 422
    assert "Line 2" in answer.content.decode()
    assert "then explode" in answer.content.decode()


def test_a_rule_is_tried_before_it_is_saved(
    olga: Actor, browser: Any, payments: Any, events: Any, now: datetime
) -> None:
    issues.create_issue(project="payments", title="Down", severity="Critical", by=olga, at=now)

    page = browser(olga).post("/process/rules/try/", SENTENCE, headers=HTMX).content.decode()

    assert "PAY-1" in page
    assert queries.list_automations(actor=olga, now=now) == []


def test_a_rule_is_switched_on_and_its_run_taken_back(
    olga: Actor, browser: Any, payments: Any, events: Any, now: datetime
) -> None:
    client = browser(olga)
    client.post("/process/rules/new/", SENTENCE)
    [rule] = queries.list_automations(actor=olga, now=now)
    client.post(f"/process/rules/{rule.id}/mode/", {"mode": "on"})
    at = queries.list_automations(actor=olga, now=now)[0].updated_at
    issues.create_issue(project="payments", title="Down", severity="Critical", by=olga, at=at)
    operations.follow(at)

    page = page_of(client, f"/process/rules/{rule.id}/")
    [run] = queries.list_runs(actor=olga, which=str(rule.id))
    client.post(f"/process/rules/{rule.id}/runs/{run.id}/undo/")

    assert "PAY-1" in page
    assert queries.list_runs(actor=olga, which=str(rule.id))[0].undone_at


def test_without_rules_it_says_what_they_are_for(olga: Actor, carol: Actor, browser: Any) -> None:
    assert "Write the first rule" in page_of(browser(olga), "/process/rules/")
    assert "Write the first rule" not in page_of(browser(carol), "/process/rules/")


def test_a_rule_of_another_organisation_is_not_there(
    olga: Actor, mallory: Actor, browser: Any, payments: Any, now: datetime
) -> None:
    made = operations.create_automation(name="Ours", text="when created\nthen label a", by=olga, at=now)

    assert browser(mallory).get(f"/process/rules/{made.id}/").status_code == 404


def test_what_cannot_be_a_rule_is_shown_again_as_it_was_typed(olga: Actor, browser: Any, payments: Any) -> None:
    posted = SENTENCE | {"when": "field", "argument": "colour", "hourly": "7", "between": "15"}

    answer = browser(olga).post("/process/rules/new/", posted)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "There is no field “colour”" in page
    chosen = 'value="field" data-asks="priority, field.customer, or empty for any" selected'
    typed_in = ("colour", "severity:Critical", "urgent", "High", "7", "15")
    for typed in (chosen, *(f'value="{value}"' for value in typed_in)):
        assert typed in page


def test_the_other_form_has_what_was_typed_in_this_one(olga: Actor, browser: Any, payments: Any, now: datetime) -> None:
    client = browser(olga)

    text = client.post("/process/rules/new/", SENTENCE | {"as": "text"}).content.decode()
    assert "when created\nif severity:Critical\nthen label urgent\nthen priority High\nlimit 20 an hour" in text

    posted = {"name": "Odd", "text": "when clock 75\nthen notify channel:ops", "as": "sentence"}
    sentence = client.post("/process/rules/new/", posted).content.decode()
    assert 'value="75"' in sentence
    assert 'value="channel:ops"' in sentence

    broken = client.post("/process/rules/new/", posted | {"text": "when it rains"}).content.decode()
    assert "when it rains</textarea>" in broken
    assert "Line 1" in broken
    assert queries.list_automations(actor=olga, now=now) == []
