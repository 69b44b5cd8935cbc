"""Workflows, types and fields in the browser."""

import html
import re
from typing import Any

import msgspec
import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from errata.apps.accounts.types import Actor
from errata.apps.issues import operations as issues
from errata.apps.issues import queries as issue_queries
from errata.apps.projects.types import ProjectView
from errata.apps.workflows import operations, queries
from errata.core.fields import CustomField
from errata.core.workflow import DEFAULT, GALLERY, Action, find_blueprint, validate
from errata.web.workflows import draft
from errata.web.workflows.frame import shown

HTMX = {"HX-Request": "true"}
SOFTWARE = find_blueprint("software").workflow


def form_of(page: str) -> dict[str, list[str]]:
    """The values that a browser would send for the designer's form, without any button."""
    body = page[page.index('<form id="design-form"') :]
    body = body[: body.index("</form>")]
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", body):
        name, value = (re.search(rf'\s{word}="([^"]*)"', tag) for word in ("name", "value"))
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            found.setdefault(name[1], []).append(html.unescape(value[1]) if value else "")
    for name, options in re.findall(r'<select[^>]*\sname="([^"]*)"[^>]*>(.*?)</select>', body, re.DOTALL):
        values = re.findall(r'<option value="([^"]*)"([^>]*)>', options)
        chosen = [value for value, rest in values if "selected" in rest] or [value for value, _ in values[:1]]
        found.setdefault(name, []).extend(chosen)
    return found


def posted(values: dict[str, list[str]]) -> QueryDict:
    query = QueryDict(mutable=True)
    for name, given_values in values.items():
        query.setlist(name, given_values)
    return query


@pytest.fixture
def software(payments: ProjectView, alice: Actor, now: Any) -> str:
    """Payments with a workflow of Shop's own."""
    issues.adopt_workflow(project="payments", which="software", by=alice, at=now)
    return "software"


@pytest.mark.parametrize("found", GALLERY, ids=lambda found: found.slug)
def test_what_the_form_holds_is_the_workflow(olga: Actor, browser: Any, payments: ProjectView, found: Any) -> None:
    if found.slug == "errata":
        slug = operations.save_workflow(workflow=DEFAULT, by=olga, at=queries_now()).slug
    else:
        slug = operations.take_workflow(which=found.slug, by=olga, at=queries_now()).slug

    page = browser(olga).get(f"/process/workflows/{slug}/design/").content.decode()

    assert draft.to_workflow(draft.from_post(posted(form_of(page)))) == found.workflow


def queries_now() -> Any:
    from tests.people import NOW

    return NOW


def test_a_stage_renamed_on_the_form_is_renamed_in_every_move(
    alice: Actor, browser: Any, software: str, bob: Actor, now: Any
) -> None:
    issues.create_issue(project="payments", title="Refund", by=bob, at=now)
    issues.transition_issue(key="PAY-1", to="In Progress", by=bob, at=now)
    here = browser(alice)
    values = form_of(here.get("/process/workflows/software/design/").content.decode())
    values["s1.name"] = ["Doing"]

    drawn = here.post("/process/workflows/software/drawn/", values, headers=HTMX).content.decode()
    assert "It can be used. 1 change since version 1." in drawn

    review = here.post("/process/workflows/software/design/", values | {"do": "review"}, headers=HTMX)
    page = review.content.decode()
    assert "The stage In Progress is called Doing." in page
    assert "1 issue changes stage" in " ".join(page.split())
    carried = html.unescape(re.search(r'name="draft" value="([^"]*)"', page)[1])
    saved = here.post(
        "/process/workflows/software/design/",
        {"do": "save", "draft": carried, "note": "Shorter", "along": "payments",
         "from:payments": ["In Progress"], "to:payments": ["Doing"]},
    )  # fmt: skip

    assert saved.status_code == 302
    assert issue_queries.issue(actor=bob, key="PAY-1").row.stage == "Doing"
    newest = queries.workflow(actor=bob, which="software")
    assert (newest.number, {rule.name: rule.to for rule in newest.workflow.rules}["start"]) == (2, "Doing")
    history = here.get("/process/workflows/software/").content.decode()
    assert "Shorter" in history
    assert "The stage In Progress is gone." in history


def test_a_project_that_is_not_taken_along_stays_and_can_be_brought_later(
    alice: Actor, browser: Any, software: str, payments: ProjectView, now: Any
) -> None:
    changed = msgspec.structs.replace(SOFTWARE, lasting_reasons=())
    operations.save_workflow(which="software", workflow=changed, by=alice, at=now)
    here = browser(alice)

    page = here.get("/process/workflows/software/").content.decode()
    assert "at version 1" in page
    preview = here.get("/process/workflows/software/adopt/?project=payments").content.decode()
    assert "No issue would change its stage" in preview
    here.post("/process/workflows/software/adopt/", {"project": "payments"})

    assert queries.process_of(payments.id).number == 2


def test_faults_are_shown_as_they_are_made_and_nothing_is_saved(alice: Actor, browser: Any, software: str) -> None:
    here = browser(alice)
    values = form_of(here.get("/process/workflows/software/design/").content.decode())
    values["rules"] = values["rules"][:1]

    drawn = here.post("/process/workflows/software/drawn/", values, headers=HTMX).content.decode()
    assert "No way leads to Done." in drawn
    answer = here.post("/process/workflows/software/design/", values | {"do": "review"})

    assert "to mend before it can be saved" in answer.content.decode()
    assert queries.workflow(actor=alice, which="software").number == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("r0.guards", "moon"), ("r0.by", "nobody"), ("r0.effects", "explode"), ("s0.category", "purgatory")],
)
def test_a_draft_with_a_word_that_there_is_not_is_refused_in_words(
    alice: Actor, browser: Any, software: str, name: str, value: str
) -> None:
    here = browser(alice)
    values = form_of(here.get("/process/workflows/software/design/").content.decode())
    made = draft.from_post(posted(values | {name: [value]}))

    saved = here.post(
        "/process/workflows/software/design/", {"do": "save", "draft": msgspec.json.encode(made).decode()}, headers=HTMX
    )

    assert saved.status_code == 400
    assert value in html.unescape(saved.content.decode())
    assert queries.workflow(actor=alice, which="software").number == 1


def test_the_buttons_of_the_form_add_and_remove(alice: Actor, browser: Any, software: str) -> None:
    here = browser(alice)

    def press(values: dict[str, list[str]], do: str) -> dict[str, list[str]]:
        page = here.post("/process/workflows/software/design/", values | {"do": do}, headers=HTMX).content.decode()
        return form_of(page)

    values = form_of(here.get("/process/workflows/software/design/").content.decode())
    values = press(values, "add-stage")
    assert values["stages"] == ["s0", "s1", "s2", "s3"]
    values = press(values, "up:s3")
    assert values["stages"] == ["s0", "s1", "s3", "s2"]
    values = press(press(values, "add-need:r0"), "add-action:r0")
    assert (values["r0.needs"], values["r0.actions"], values["r0.open"]) == (["r0.n0"], ["r0.a0"], ["1"])
    values = press(press(values, "remove:r0.n0"), "remove:s3")
    assert "r0.needs" not in values
    values = press(values, "remove:s1")
    assert (values["stages"], values["r1.from"]) == (["s0", "s2"], ["s0"])
    assert values["rules"] == ["r1", "r3", "r4", "r5"], "what only led there or began there went with it"


def test_whom_a_move_tells_is_chosen_on_the_form(alice: Actor, browser: Any, software: str) -> None:
    here, where = browser(alice), "/process/workflows/software/design/"
    values = form_of(here.get(where).content.decode())
    added = here.post(where, values | {"do": "add-action:r0"}, headers=HTMX).content.decode()
    assert '<option value="notify">Tell</option>' in added
    values = form_of(added) | {"r0.a0.kind": ["notify"], "r0.a0.value": ["Bob"]}
    assert "is to notify Bob. It can be the assignee" in here.post(where, values | {"do": "review"}).content.decode()

    values["r0.a0.value"] = ["assignee, #ops"]
    review = here.post(where, values | {"do": "review"}).content.decode()
    draft_of = re.search(r'name="draft" value="([^"]*)"', review)
    assert draft_of
    here.post(where, {"draft": html.unescape(draft_of[1]), "do": "save"})

    (saved, *_) = queries.workflow(actor=alice, which="software").workflow.rules
    assert saved.actions[-1] == Action("notify", "assignee, #ops")


@given(st.dictionaries(st.sampled_from(["stages", "rules", "s0.name", "r0.from", "r0.to", "r0.needs", "r0.n0.fields",
                                         "r0.actions", "r0.a0.kind", "name", "based_on", "types", "r0.on"]),
                       st.lists(st.text(max_size=30) | st.sampled_from(["s0", "r0", "r0.n0", "r0.a0"]), max_size=4)),
       st.text(max_size=20))  # fmt: skip
def test_whatever_is_posted_becomes_a_draft_with_its_faults(values: dict[str, list[str]], do: str) -> None:
    found = draft.changed(draft.from_post(posted(values)), do)
    workflow = draft.to_workflow(found)

    assert isinstance(validate(workflow), list)
    assert shown(workflow).graph.width > 0
    assert msgspec.json.decode(msgspec.json.encode(found), type=draft.Draft) == found


@pytest.mark.parametrize("found", GALLERY, ids=lambda found: found.slug)
def test_a_drawing_has_every_stage_apart_and_an_arrow_for_every_way(found: Any) -> None:
    graph = shown(found.workflow).graph

    places = {(node.x, node.y) for node in graph.nodes}
    assert len(places) == len(found.workflow.stages)
    assert all(0 <= node.x <= graph.width - graph.node_width and node.y <= graph.height for node in graph.nodes)
    ways = {(s, rule.to, rule.on) for rule in found.workflow.rules for s in rule.sources}
    assert len(graph.edges) == len(ways)


PAGES = ("workflows/", "workflows/errata/", "workflows/incident/", "types/", "fields/", "arrivals/")


@pytest.mark.parametrize("path", PAGES)
def test_everybody_may_look_and_only_admins_are_offered_changes(
    carol: Actor, alice: Actor, browser: Any, payments: ProjectView, path: str
) -> None:
    seen = browser(carol).get(f"/process/{path}")
    assert seen.status_code == 200
    assert '<form method="post" action="/process' not in seen.content.decode()
    assert browser(alice).get(f"/process/{path}").status_code == 200


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("workflows/new/", {"take": "kanban"}),
        ("workflows/software/design/", {"do": "save", "draft": '{"name":"x","stages":[],"rules":[]}'}),
        ("workflows/software/adopt/", {"project": "payments"}),
        ("workflows/software/archive/", {}),
        ("types/", {"name": "Chore"}),
        ("fields/", {"slug": "story_points"}),
        ("fields/new/", {"name": "Customer", "kind": "text"}),
        ("arrivals/", {"type:error": "Error"}),
    ],
)
def test_a_member_changes_nothing_whatever_they_post(
    bob: Actor, browser: Any, software: str, path: str, values: dict[str, str]
) -> None:
    before = (queries.list_types(actor=bob), queries.list_fields(actor=bob), queries.list_workflows(actor=bob))

    answer = browser(bob).post(f"/process/{path}", values)

    assert answer.status_code in (403, 422)
    assert before == (
        queries.list_types(actor=bob), queries.list_fields(actor=bob), queries.list_workflows(actor=bob),
    )  # fmt: skip


def test_another_organisations_workflow_is_not_there(mallory: Actor, alice: Actor, browser: Any, now: Any) -> None:
    ours = operations.save_workflow(workflow=msgspec.structs.replace(SOFTWARE, name="Secret way"), by=alice, at=now)
    here = browser(mallory)

    assert "Secret way" not in here.get("/process/workflows/").content.decode()
    for path in ("", "design/", "adopt/?project=payments"):
        assert here.get(f"/process/workflows/{ours.slug}/{path}").status_code == 404


def test_types_and_fields_are_made_in_the_browser_and_used_on_the_form(
    alice: Actor, bob: Actor, browser: Any, payments: ProjectView
) -> None:
    admin, here = browser(alice), browser(bob)
    admin.post("/process/types/", {"name": "Chore", "meaning": "Has to be done"})
    admin.post(
        "/process/fields/new/",
        {"name": "Impact", "kind": "choice", "choices": "None\nSlow\nDown", "types": "Chore", "required": "1"},
    )
    page = here.get("/issues/new/?project=payments&type=Chore").content.decode()
    assert 'name="field.impact"' in page
    words = here.post("/issues/new/words/", {"project": "payments", "type": "Task"}, headers=HTMX).content.decode()
    assert "field.impact" not in words

    report = {"project": "payments", "type": "Chore", "title": "Sweep", "priority": "Low", "severity": "Minor"}
    refused = here.post("/issues/new/", report)
    assert refused.status_code == 422
    assert "Chore issues need Impact." in refused.content.decode()
    here.post("/issues/new/", report | {"field.impact": "Slow"})

    assert issue_queries.issue(actor=bob, key="PAY-1").row.values == {"impact": "Slow"}


def described(page: str) -> str | None:
    """What the form's description holds, where it is drawn."""
    found = re.search(r'<textarea id="f-description"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    return html.unescape(found[1]) if found else None


def test_a_description_begins_with_its_types_template_and_keeps_what_was_typed(
    alice: Actor, bob: Actor, browser: Any, payments: ProjectView
) -> None:
    admin, here = browser(alice), browser(bob)
    for name, text in (("Task", "## What & why\r\n"), ("Cost", "## How much")):
        saved = admin.post("/process/types/", {"do": "template", "name": name, "template": text})
        assert saved.status_code == 302
    assert "## How much" in here.get("/process/types/").content.decode()

    def chosen(kind: str, text: str) -> str | None:
        words = {"project": "payments", "type": kind, "description": text}
        return described(here.post("/issues/new/words/", words, headers=HTMX).content.decode())

    assert described(here.get("/issues/new/").content.decode()) == "## What & why"
    assert described(here.get("/issues/new/?type=Cost&description=Mine").content.decode()) == "Mine"
    assert chosen("Cost", "## What & why\r\n") == chosen("Cost", " ") == "## How much"
    assert chosen("Error", "## How much") == ""
    assert chosen("Cost", "## What & why\r\nBecause") is None
    emptied = {"project": "payments", "type": "Task", "title": "", "description": "", "priority": "Low"}
    refused = here.post("/issues/new/", emptied | {"severity": "Minor"})
    assert (refused.status_code, described(refused.content.decode())) == (422, "")


def test_a_template_that_is_refused_stays_on_the_form(alice: Actor, bob: Actor, browser: Any) -> None:
    answer = browser(alice).post("/process/types/", {"do": "template", "name": "Task", "template": "x" * 10_001})

    assert answer.status_code == 422
    assert "10,000 characters at most" in answer.content.decode()
    assert "x" * 10_001 in answer.content.decode()
    sent = browser(bob).post("/process/types/", {"do": "template", "name": "Task", "template": "Mine"})
    assert sent.status_code in (403, 422)
    assert not any(view.template for view in queries.list_types(actor=bob))


def test_a_field_is_changed_on_the_issues_page_and_taken_back(
    alice: Actor, bob: Actor, browser: Any, payments: ProjectView, events: Any, now: Any
) -> None:
    operations.save_field(field=CustomField("points", "Story points", "number"), by=alice, at=now)
    issues.create_issue(project="payments", title="Refund", by=bob, at=now)
    here = browser(bob)
    assert 'name="value" value="" aria-label="Story points"' in here.get("/issues/PAY-1/").content.decode()

    answer = here.post(
        "/issues/change/", {"key": "PAY-1", "field": "field.points", "value": "5", "from": "issue"}, headers=HTMX
    )
    assert "Points set: PAY-1." in answer.content.decode()
    page = here.get("/issues/PAY-1/").content.decode()
    assert "set Story points to 5" in page
    activity = issue_queries.activity(actor=bob, key="PAY-1")[0].id
    here.post("/issues/undo/", {"activity": activity}, headers=HTMX)

    assert issue_queries.issue(actor=bob, key="PAY-1").row.values == {}


def test_what_events_open_is_set_for_one_project_in_the_browser(
    alice: Actor, browser: Any, payments: ProjectView
) -> None:
    here = browser(alice)
    page = here.get("/process/arrivals/?project=payments").content.decode()
    assert "follows the organisation" in page
    values = {"type:error": "Task", "type:default": "Inquiry", "type:csp": "Task"}
    for level in ("debug", "info", "warning", "error", "fatal"):
        values |= {f"priority:{level}": "High", f"severity:{level}": "Minor"}

    here.post("/process/arrivals/?project=payments", values)

    rules = queries.process_of(payments.id).arrivals
    assert (rules.type, rules.types, rules.priorities["debug"]) == ("Task", {"default": "Inquiry"}, "High")
    here.post("/process/arrivals/?project=payments", {"do": "forget"})
    assert queries.process_of(payments.id).arrivals.type == "Error"


def test_lists_pickers_and_tabs_follow_the_workflow(
    bob: Actor, browser: Any, software: str, events: Any, now: Any
) -> None:
    issues.create_issue(project="payments", title="Refund", by=bob, at=now)
    here = browser(bob)

    stream = here.get("/issues/").content.decode()
    assert "stage stage-new" in stream
    assert ">To Do" in stream
    assert "stage:%22In+Progress%22" in stream, "a tab"
    menu = here.get("/issues/pick/stage/?key=PAY-1").content.decode()
    assert "In Progress" in menu
    assert "Retest" not in menu
    assert "Story" in here.get("/issues/pick/type/?key=PAY-1").content.decode()
    assert re.findall(r'data-name="([^"]+)"[^>]* data-ends', menu) == ["Done", "Done"]


def test_the_pages_ask_no_more_than_their_budget(
    alice: Actor, browser: Any, software: str, django_assert_max_num_queries: Any
) -> None:
    here = browser(alice)
    for path, most in (("workflows/", 16), ("workflows/software/", 22), ("workflows/software/design/", 18)):
        with django_assert_max_num_queries(most):
            assert here.get(f"/process/{path}").status_code == 200
