"""The pages of the process: to read, to write down, to rank by."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from errata.apps.accounts import operations as accounts
from errata.apps.accounts.types import Actor
from errata.apps.designations.scores import follow_scores
from errata.apps.issues import operations as issues
from errata.apps.projects.types import ProjectView
from errata.apps.templates import operations as templates
from errata.apps.templates import queries
from errata.apps.templates.types import Scope
from errata.core.designation import DesignationRule
from errata.core.sla import ClockPolicy, EscalationStep, Target
from errata.core.template import GALLERY
from tests.conftest import NOW

PROJECT = Scope("project", "payments")
TEMPLATE = "/process/template/?project=payments"
pytestmark = pytest.mark.usefixtures("events")


def page_of(client: Client, path: str, **more: Any) -> str:
    answer = client.get(path, **more)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def change(by: Actor, **fields: Any) -> None:
    templates.change_template(scope=PROJECT, by=by, at=NOW, **fields)


def form_of(page: str) -> dict[str, Any]:
    """The values a browser would send of the form that is open, but for its templates of rows."""
    form = page.rsplit('class="card-body stack', maxsplit=1)[-1].split("</form>", maxsplit=1)[0]
    form = re.sub(r"<template>.*?</template>", "", form, flags=re.DOTALL)
    values: dict[str, Any] = {}
    for tag in re.findall(r"<input [^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            values.setdefault(name[1], []).append((value[1] if value else "").replace("&quot;", '"'))
    for name, inner in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, flags=re.DOTALL):
        chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', inner)
        first = re.search(r'<option(?: value="([^"]*)")?>([^<]*)', inner)
        found = chosen or first
        assert found is not None
        values[name] = found[1] if found[1] is not None else found[2]
    return values


def test_the_process_page_tells_a_newcomer_everything(olga: Actor, browser: Any, payments: ProjectView) -> None:
    policy = ClockPolicy(
        targets=(Target(severity="Critical", response_min=15, resolution_min=240), Target(resolution_min=2_880)),
        paused_in=("Retest",),
        escalation=(EscalationStep(90, "deputise"),),
    )
    rules = (DesignationRule(kind="path", pattern="src/pay/*", owners=("#pay",)),)
    change(olga, maximum_time=policy, designation=rules, ranking="severity * 40 + users")

    page = page_of(browser(olga), "/process/")

    for words in (
        "How issues are handled in Payments",
        "The stages New, Assigned, Revise, Retest, Fixed, Closed",
        "Somebody holds it and works on it.",
        "Has to be shown first:",
        "Issues about a file matching src/pay/* go to the first of #pay.",
        "The time stands still in the stage Retest",
        "<b>4h</b>",
        "the deputy takes over",
        "<code>severity * 40</code>",
        "by severity and people met.",
        "the issue’s own page and the inbox of Errata",
        "version 1, Olga Owner",
    ):
        assert words in page, words


def test_the_process_page_needs_no_project(olga: Actor, browser: Any) -> None:
    assert "How issues are handled in Shop" in page_of(browser(olga), "/process/")


@pytest.mark.parametrize("field", ["maximum_time", "designation", "platform"])
def test_a_form_that_is_saved_as_it_is_changes_nothing(
    olga: Actor, browser: Any, payments: ProjectView, field: str
) -> None:
    owners = ("bob@shop.example", "#pay")
    rules = (DesignationRule(kind="tag", pattern="region=eu-*", owners=owners, hours="08:00-16:00 UTC"),)
    change(olga, maximum_time=GALLERY["web-shop"].template.maximum_time, designation=rules)
    before = queries.template(actor=olga, scope=PROJECT).template
    client = browser(olga)

    client.post(TEMPLATE, form_of(page_of(client, f"{TEMPLATE}&edit={field}")))

    assert queries.template(actor=olga, scope=PROJECT).template == before


def test_targets_and_steps_are_saved_in_the_order_of_the_page(olga: Actor, browser: Any, payments: ProjectView) -> None:
    client = browser(olga)

    answer = client.post(
        TEMPLATE,
        {
            "field": "maximum_time", "note": "Faster", "on_reopen": "restart", "paused_in": ["Retest"],
            "target-7-severity": "Critical", "target-7-resolution": "3h", "target-7-response": "15m",
            "target-2-resolution": "2d", "target-9-severity": "",
            "step-1-percent": "75 %", "step-1-action": "notify", "step-1-to": "assignee, #night",
            "step-1-response": "1",
        },
    )  # fmt: skip

    assert answer.status_code == 302, answer.content
    policy = queries.template_of(payments.id).maximum_time
    assert policy.targets == (
        Target(severity="Critical", response_min=15, resolution_min=180),
        Target(resolution_min=2_880),
    )
    assert policy.escalation == (EscalationStep(75, "notify", to=("assignee", "#night"), kinds=("response",)),)
    assert (policy.on_reopen, policy.paused_in, policy.paused_while_waiting) == ("restart", ("Retest",), False)
    assert queries.versions(actor=olga, scope=PROJECT)[0].note == "Faster"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"field": "maximum_time", "target-0-resolution": "4x"}, "“4x” is not a duration"),
        ({"field": "maximum_time", "step-0-percent": "soon"}, "“soon” is no share"),
        ({"field": "maximum_time", "step-0-percent": "75", "step-0-action": "explode"}, "something that can’t be"),
        ({"field": "designation", "rule-0-kind": "path", "rule-0-owners": "#pay"}, "Rule 1 says nothing"),
        ({"field": "platform", "kind": "irc"}, "something that can’t be"),
    ],
)
def test_a_form_that_can_not_be_used_comes_back_with_the_reason(
    olga: Actor, browser: Any, payments: ProjectView, values: dict[str, str], says: str
) -> None:
    answer = browser(olga).post(TEMPLATE, values)

    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert queries.template_version() == 0


def test_a_field_is_inherited_again_and_an_older_version_restored(
    olga: Actor, browser: Any, payments: ProjectView
) -> None:
    change(olga, ranking="users")
    client = browser(olga)

    client.post(TEMPLATE, {"field": "ranking", "do": "inherit", "after": "1"})
    assert queries.template(actor=olga, scope=PROJECT).overrides.ranking is None
    client.post("/process/template/restore/?project=payments", {"number": "1"})
    assert queries.template(actor=olga, scope=PROJECT).overrides.ranking == "users"
    assert "Back to version 1" in page_of(client, TEMPLATE)


def test_who_edits_an_older_version_is_told(olga: Actor, browser: Any, payments: ProjectView) -> None:
    change(olga, ranking="users")

    answer = browser(olga).post(TEMPLATE, {"field": "platform", "kind": "email", "after": "0"})

    assert answer.status_code == 409
    assert "Olga Owner changed this template" in answer.content.decode()


def test_members_and_viewers_read_and_see_no_form(
    olga: Actor, bob: Actor, carol: Actor, browser: Any, payments: ProjectView
) -> None:
    change(olga, ranking="users")
    for reader in (bob, carol):
        client = browser(reader)
        page = page_of(client, f"{TEMPLATE}&edit=maximum_time")
        assert "Set here</a>" not in page
        assert "Inherit again" not in page
        assert "data-rows" not in page
        assert client.post(TEMPLATE, {"field": "ranking", "do": "inherit"}).status_code == 403
        assert client.post("/process/ranking/?project=payments", {"ranking": "count"}).status_code == 403
        assert client.post("/process/gallery/ready/?project=payments&ready=saas").status_code == 403


def test_another_organisation_sees_nothing(olga: Actor, mallory: Actor, browser: Any, payments: ProjectView) -> None:
    change(olga, ranking="users")
    issues.create_issue(project="payments", title="Ours", by=olga, at=NOW)
    client = browser(mallory)

    for path in (
        "/process/?project=payments",
        TEMPLATE,
        "/process/ranking/?project=payments",
        "/process/gallery/ready/?project=payments&ready=saas",
        "/issues/PAY-1/rank/",
    ):
        assert client.get(path).status_code == 404, path
    assert "Payments" not in page_of(client, "/process/drift/")


def test_drift_is_told_by_field(olga: Actor, browser: Any, payments: ProjectView) -> None:
    client = browser(olga)
    assert "Nothing drifts" in page_of(client, "/process/drift/")
    change(olga, ranking="users", maximum_time=GALLERY["web-shop"].template.maximum_time)

    page = page_of(client, "/process/drift/")

    assert "1 deviates." in page
    assert "Resolution of severity Critical: 1d → 4h." in page
    assert "→ users" in page


def test_a_ready_template_shows_what_it_changes_and_is_taken(olga: Actor, browser: Any, payments: ProjectView) -> None:
    client = browser(olga)
    assert "Open-source project" in page_of(client, "/process/gallery/?project=payments")
    path = "/process/gallery/ready/?project=payments&ready=web-shop"
    assert "Resolution of severity Critical: 1d → 4h." in page_of(client, path)

    assert client.post(path).status_code == 302

    assert queries.template_of(payments.id).ranking == GALLERY["web-shop"].template.ranking
    assert "it is what holds there already" in page_of(client, path)
    assert client.get("/process/gallery/ready/?ready=bakery").status_code == 404


def test_a_ranking_is_tried_and_saved(olga: Actor, browser: Any, payments: ProjectView) -> None:
    change(olga, ranking="severity")
    issues.create_issue(project="payments", title="Slow", severity="Critical", by=olga, at=NOW)
    issues.create_issue(project="payments", title="Wrong", priority="High", by=olga, at=NOW)
    client = browser(olga)

    tried = client.post(
        "/process/ranking/try/?project=payments", {"ranking": "priority"}, headers={"HX-Request": "true"}
    ).content.decode()

    assert "<b>2 of 2</b> open issues would move" in tried
    assert queries.template_of(payments.id).ranking == "severity"
    client.post("/process/ranking/?project=payments", {"ranking": "priority", "do": "save"})
    assert queries.template_of(payments.id).ranking == "priority"


@pytest.mark.parametrize("path", ["/process/ranking/", "/process/ranking/try/"])
def test_a_ranking_that_can_not_be_read_is_marked_at_its_place(
    olga: Actor, browser: Any, payments: ProjectView, path: str
) -> None:
    page = browser(olga).post(path, {"ranking": "severity * banana + 1", "do": "save"}).content.decode()

    assert "severity * <mark>banana</mark> + 1" in page
    assert "There is no measure “banana”" in page


def test_an_issue_tells_why_it_ranks_where_it_does(olga: Actor, browser: Any, payments: ProjectView) -> None:
    change(olga, ranking="priority * 10 + unassigned")
    issues.create_issue(project="payments", title="Slow", priority="High", by=olga, at=NOW)
    follow_scores(NOW)
    client = browser(olga)

    assert 'hx-get="/issues/PAY-1/rank/"' in page_of(client, "/issues/PAY-1/")
    piece = page_of(client, "/issues/PAY-1/rank/", headers={"HX-Request": "true"})
    whole = page_of(client, "/issues/PAY-1/rank/")

    for page in (piece, whole):
        assert "<code>priority * 10</code><b>10</b>" in page
        assert "Priority High is 1." in page
        assert "Nobody holds it." in page
        assert "Place <b>1</b> of 1 open issue" in page
    assert "<html" not in piece
    assert "<html" in whole


def test_lists_are_sorted_by_rank(olga: Actor, browser: Any, payments: ProjectView) -> None:
    change(olga, ranking="priority")
    for title, priority in (("Later", "Low"), ("Now", "High")):
        issues.create_issue(project="payments", title=title, priority=priority, by=olga, at=NOW)
    follow_scores(NOW)

    page = page_of(browser(olga), "/issues/?sort=score")

    assert page.index("row-PAY-2") < page.index("row-PAY-1")
    assert "Sort by Rank" in page


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/process/?project=payments", 32),
        (TEMPLATE, 24),
        ("/process/ranking/?project=payments", 20),
        ("/process/drift/", 16),
        ("/process/gallery/", 12),
    ],
)
def test_pages_cost_few_queries(
    olga: Actor, alice: Actor, browser: Any, payments: ProjectView, path: str, most: int
) -> None:
    for number in range(5):
        accounts.create_team(name=f"Team {number}", by=alice, at=NOW)
        change(olga, ranking=f"users * {number}")
    client = browser(olga)

    with CaptureQueriesContext(connection) as captured:
        page_of(client, path)

    assert len(captured) <= most, "\n".join(query["sql"] for query in captured.captured_queries)
