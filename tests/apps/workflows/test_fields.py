"""Issue types, custom fields and what events open, as an organisation has them."""

import msgspec
import pytest

from errata.apps.accounts.permissions import Forbidden
from errata.apps.accounts.queries import PersonNotFound
from errata.apps.audit import queries as audit
from errata.apps.issues import hindsight
from errata.apps.issues import operations as issues
from errata.apps.issues import queries as issue_queries
from errata.apps.issues.vocabulary import FieldRefused
from errata.apps.workflows import operations, queries
from errata.apps.workflows.queries import FieldNotFound
from errata.apps.workflows.vocabularies import ArrivalsRefused, FieldDefinitionRefused, TypeNotFound, TypeRefused
from errata.core.arrivals import ArrivalRules
from errata.core.fields import EVERY, CustomField, FieldValueRefused
from errata.core.search import SearchError
from tests.apps.facts import delta, later
from tests.apps.issues.shop import arrive, find, kinds, look, report
from tests.conftest import NOW

FIELDS = (
    CustomField("customer", "Customer", "text", types=("Inquiry", "Error")),
    CustomField("points", "Points", "number"),
    CustomField("due", "Due", "date"),
    CustomField("impact", "Impact", "choice", choices=("None", "Slow", "Down"), required=("Security",)),
    CustomField("tester", "Tester", "person"),
    CustomField("paid", "Paid", "checkbox"),
    CustomField("run", "Runbook", "url"),
)


@pytest.fixture
def fields(payments, alice):
    for field in FIELDS:
        operations.save_field(field=field, by=alice, at=NOW)


def test_values_are_given_when_an_issue_is_reported(fields, bob):
    key = report(
        "Refund", bob, fields={"Points": "3", "due": "2026-12-01", "impact": "down", "tester": "me", "paid": "no"}
    )

    assert look(key, bob).values == {
        "points": 3, "due": "2026-12-01", "impact": "Down", "tester": "bob@shop.example", "paid": False,
    }  # fmt: skip
    [created] = issue_queries.activity(actor=bob, key=key)
    assert created.after["fields"]["points"] == 3


def test_a_type_that_needs_a_value_is_not_reported_without(fields, bob):
    with pytest.raises(FieldValueRefused, match="Security issues need Impact"):
        report("Hole", bob, type="Security")
    report("Hole", bob, type="Security", fields={"impact": "Slow"})

    with pytest.raises(FieldValueRefused, match="Security issues need Impact"):
        issues.update_issue(key="PAY-1", fields={"impact": ""}, by=bob, at=NOW)


def test_an_event_opens_an_issue_whatever_is_required(payments, alice, bob):
    operations.save_field(field=CustomField("x", "X", "text", required=(EVERY,)), by=alice, at=NOW)

    arrive(delta(payments))

    assert look("PAY-1", bob).values == {}


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"nonsense": "1"}, FieldRefused),
        ({"customer": "Ada"}, FieldRefused),  # a Task has none
        ({"points": "many"}, FieldValueRefused),
        ({"impact": "Huge"}, FieldValueRefused),
        ({"tester": "mallory@rival.example"}, PersonNotFound),
        ({"run": "javascript:alert(1)"}, FieldValueRefused),
    ],
)
def test_a_value_that_cannot_be_is_refused_and_nothing_is_written(fields, mallory, bob, given, refused):
    report("Refund", bob)

    with pytest.raises(refused):
        issues.update_issue(key="PAY-1", title="Other", fields=given, by=bob, at=NOW)

    assert look("PAY-1", bob).title == "Refund"


def test_changes_of_values_are_told_audited_and_taken_back(fields, bob, alice):
    report("Refund", bob, fields={"points": 1, "paid": True})

    done = issues.update_issue(key="PAY-1", fields={"points": 2, "impact": "Slow", "paid": None}, by=bob, at=NOW)

    assert look("PAY-1", bob).values == {"points": 2, "impact": "Slow"}
    assert kinds("PAY-1", bob) == ["created", "field", "field", "field"]
    entries = audit.list_entries(actor=alice).items
    assert ("issue.field_set", {"points": 1}, {"points": 2}) in [(e.action, e.before, e.after) for e in entries]
    for activity in reversed(done.activities):
        issues.undo(activity_id=activity, by=bob, at=NOW)
    assert look("PAY-1", bob).values == {"points": 1, "paid": True}


def test_the_same_value_again_changes_nothing(fields, bob):
    report("Refund", bob, fields={"points": 1})

    assert issues.update_issue(key="PAY-1", fields={"points": "1.0"}, by=bob, at=NOW).activities == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("field.points:3", {1}),
        ("field.points:>=3", {1, 2}),
        ("field.points:<5", {1}),
        ("!field.points:3", {2, 3}),
        ("has:field.points", {1, 2}),
        ('field.points:""', {3}),
        ("field.due:2026-12-01", {1}),
        ("field.due:>2026-12-01", {2}),
        ("field.due:<=2026-12-01", {1}),
        ("field.impact:down", {1}),
        ("field.impact:[Down, slow]", {1, 2}),
        ("field.tester:me", {1}),
        ("field.tester:alice@shop.example", {2}),
        ("field.tester:none", {3}),
        ("field.paid:yes", {1}),
        ("field.paid:false", {2}),
        ("field.run:wiki", {1}),
        ("field.run:https*refunds", {1}),
        ("is:open field.points:5 field.paid:no", {2}),
    ],
)  # fmt: skip
def test_values_are_searched_by_their_kind(fields, events, bob, alice, query, found):
    report("1", bob, fields={
        "points": 3, "due": "2026-12-01", "impact": "Down", "tester": "me", "paid": True,
        "run": "https://wiki.example/refunds",
    })  # fmt: skip
    report("2", bob, fields={"points": 5, "due": "2027-01-02", "impact": "Slow", "tester": alice.user_id, "paid": "no"})
    report("3", bob)

    assert {int(key.removeprefix("PAY-")) for key in find(query, bob)} == found


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("field.points:many", "needs a number"),
        ("field.impact:Huge", "It is one of None, Slow, Down"),
        ("field.due:soon", "needs a date"),
    ],
)
def test_a_search_that_a_field_cannot_answer_says_why(fields, bob, query, problem):
    with pytest.raises(SearchError, match=problem):
        find(query, bob)


@pytest.mark.parametrize("slug", ["points__gt", "a__b", "_points", "points_", "contains"])
def test_a_slug_that_the_records_would_read_as_a_comparison_is_refused(payments, alice, slug):
    with pytest.raises(FieldDefinitionRefused, match="can't be a field's slug"):
        operations.save_field(field=CustomField(slug, "Points", "number"), by=alice, at=NOW)


def test_fields_and_their_choices_are_completed(fields, events, bob):
    def offered(text):
        return [c.text for c in issue_queries.completions(actor=bob, text=text, position=len(text), now=NOW)]

    assert "field.impact:" in offered("field.")
    assert offered("field.impact:S") == ["Slow"]
    assert "bob@shop.example" in offered("field.tester:bob")


def test_another_organisation_has_none_of_it(fields, heist, bob, mallory):
    report("Ours", bob, fields={"points": 3})

    assert queries.list_fields(actor=mallory) == []
    with pytest.raises(FieldRefused, match="no fields of its own"):
        report("Theirs", mallory, project=heist.id, fields={"points": 3})
    with pytest.raises(FieldNotFound):
        operations.archive_field(slug="points", by=mallory, at=NOW)


def test_a_field_put_away_keeps_its_values(fields, alice, bob):
    report("Refund", bob, fields={"points": 3})

    operations.archive_field(slug="points", by=alice, at=NOW)
    with pytest.raises(FieldRefused):
        issues.update_issue(key="PAY-1", fields={"points": 4}, by=bob, at=NOW)
    operations.restore_field(slug="points", by=alice, at=NOW)

    assert find("field.points:3", bob) == ["PAY-1"]


def test_a_fields_kind_stays(fields, alice):
    with pytest.raises(FieldDefinitionRefused, match="is a number and stays one"):
        operations.save_field(field=CustomField("points", "Points", "text"), by=alice, at=NOW)
    operations.save_field(field=CustomField("points", "Story points", "number"), by=alice, at=NOW)

    assert [view.field.name for view in queries.list_fields(actor=alice)][1] == "Story points"


def test_a_new_field_does_not_take_the_place_of_another(fields, alice):
    with pytest.raises(FieldDefinitionRefused, match="There is a field points already"):
        operations.save_field(field=CustomField("points", "Points", "number"), new=True, by=alice, at=NOW)


def test_types_are_added_put_away_and_taken_back(payments, alice, bob):
    operations.add_type(name="  Chore ", meaning="Has to be done", by=alice, at=NOW)
    assert look(report("Sweep", bob, type="chore"), bob).type == "Chore"
    assert find("type:Chore", bob) == ["PAY-1"]

    operations.archive_type(name="SEO", by=alice, at=NOW)
    with pytest.raises(FieldRefused, match="There is no type"):
        report("Rank", bob, type="SEO")
    operations.restore_type(name="SEO", by=alice, at=NOW)
    report("Rank", bob, type="SEO")


@pytest.mark.parametrize("name", ["", "x" * 41, "error"])
def test_a_type_that_cannot_be_is_refused(alice, name):
    with pytest.raises(TypeRefused):
        operations.add_type(name=name, by=alice, at=NOW)


def templates(actor):
    return {view.name: view.template for view in queries.list_types(actor=actor) if view.template}


def test_a_type_has_a_template_and_loses_it_again(alice, bob, mallory):
    operations.add_type(name="Chore", by=alice, at=NOW)
    for name in ("Chore", "UI/UX"):
        operations.set_type_template(name=name, template=" ## Where\r\n\r\n## Why\n", by=alice, at=NOW)

    assert templates(bob) == {"Chore": "## Where\n\n## Why", "UI/UX": "## Where\n\n## Why"}
    assert templates(mallory) == {}
    operations.set_type_template(name="UI/UX", template="", by=alice, at=NOW)
    operations.archive_type(name="Chore", by=alice, at=NOW)
    operations.restore_type(name="Chore", by=alice, at=NOW)
    assert templates(bob) == {"Chore": "## Where\n\n## Why"}
    told = [entry for entry in audit.list_entries(actor=alice).items if entry.action == "issue_type.template_set"]
    assert (told[0].before["template"], told[0].after["template"]) == ("## Where\n\n## Why", "")


def test_a_template_makes_no_other_type_than_there_is(alice, bob):
    before = [view.name for view in queries.list_types(actor=bob)]
    with pytest.raises(TypeNotFound, match="There is no type Ghost"):
        operations.set_type_template(name="Ghost", template="Boo", by=alice, at=NOW)
    with pytest.raises(TypeRefused, match="10,000 characters"):
        operations.set_type_template(name="Error", template="x" * 10_001, by=alice, at=NOW)
    operations.set_type_template(name="Error", template="x", by=alice, at=NOW)

    assert [view.name for view in queries.list_types(actor=bob)] == before


def test_what_events_open_is_for_the_organisation_or_one_project(payments, alice, bob):
    everywhere = ArrivalRules(type="Task", priorities={"error": "High"}, severities={"error": "Critical"})
    operations.set_arrivals(rules=everywhere, by=alice, at=NOW)
    arrive(delta(payments, 1))
    operations.set_arrivals(rules=ArrivalRules(severity="Trivial", severities={}), project="payments", by=alice, at=NOW)
    arrive(delta(payments, 2))
    operations.forget_arrivals(project="payments", by=alice, at=NOW)
    arrive(delta(payments, 3))

    rows = [look(f"PAY-{number}", bob) for number in (1, 2, 3)]
    assert [(row.type, row.priority, row.severity) for row in rows] == [
        ("Task", "High", "Critical"), ("Error", "Medium", "Trivial"), ("Task", "High", "Critical"),
    ]  # fmt: skip
    assert queries.arrivals(actor=bob) == everywhere
    assert queries.arrivals(actor=bob, project="payments") is None


def test_rules_for_events_that_cannot_be_are_refused(payments, alice):
    with pytest.raises(ArrivalsRefused, match="There is no issue type Bug"):
        operations.set_arrivals(rules=ArrivalRules(type="Bug"), by=alice, at=NOW)


def test_members_change_no_words(fields, bob):
    for write in (
        lambda: operations.add_type(name="Chore", by=bob, at=NOW),
        lambda: operations.set_type_template(name="SEO", template="Hi", by=bob, at=NOW),
        lambda: operations.archive_type(name="SEO", by=bob, at=NOW),
        lambda: operations.restore_type(name="SEO", by=bob, at=NOW),
        lambda: operations.save_field(field=FIELDS[0], by=bob, at=NOW),
        lambda: operations.archive_field(slug="points", by=bob, at=NOW),
        lambda: operations.restore_field(slug="points", by=bob, at=NOW),
        lambda: operations.set_arrivals(rules=ArrivalRules(), by=bob, at=NOW),
        lambda: operations.forget_arrivals(project="payments", by=bob, at=NOW),
    ):
        with pytest.raises(Forbidden):
            write()


@pytest.mark.parametrize(
    "query",
    [
        "field.points:3", "field.points:>=3", "!field.points:3", "has:field.points", "!has:field.points",
        "field.due:2026-12-01", "field.due:>2026-12-01", "field.due:-7d", "field.impact:None",
        "field.impact:[Down, slow]",
        "field.tester:me", "field.tester:none", "!field.tester:me", "field.paid:yes", "field.paid:no", "field.run:wiki",
        "field.run:https*refunds", "field.points:5 OR field.paid:yes",
    ],
)  # fmt: skip
def test_a_search_in_memory_finds_by_fields_what_the_records_find(fields, events, bob, alice, query):
    report("1", bob, fields={"points": 3, "due": "2026-12-01", "impact": "Down", "tester": "me", "paid": True,
                             "run": "https://wiki.example/refunds"})  # fmt: skip
    report("2", bob, fields={"points": 5, "due": "2026-11-20", "impact": "None", "tester": "alice@shop.example"})
    report("3", bob, fields={"paid": False})

    found = hindsight.list_issues_as_of(actor=bob, as_of=NOW, query=query).items

    assert {row.key for row in found} == set(find(query, bob))


def test_values_are_seen_as_they_were(fields, bob):
    report("1", bob, fields={"points": 3})
    issues.update_issue(key="PAY-1", fields={"points": 5, "impact": "Slow"}, by=bob, at=later(hours=1))
    issues.update_issue(key="PAY-1", fields={"points": None}, by=bob, at=later(hours=2))

    seen = [hindsight.issue_as_of(actor=bob, key="PAY-1", as_of=later(hours=h)).row.values for h in (0, 1, 2)]

    assert seen == [{"points": 3}, {"points": 5, "impact": "Slow"}, {"impact": "Slow"}]


def test_two_names_without_latin_letters_are_two_fields(alice):
    for name in ("日本", "中文", "中文字段"):
        slug = operations.free_slug(name=name, by=alice)
        operations.save_field(field=CustomField(slug, name, "text"), new=True, by=alice, at=NOW)

    assert [view.field.slug for view in queries.list_fields(actor=alice)] == ["field", "field_2", "field_3"]
    again = operations.free_slug(name="日本 ", by=alice)
    with pytest.raises(FieldDefinitionRefused, match="There is a field field already"):
        operations.save_field(field=CustomField(again, "日本", "text"), new=True, by=alice, at=NOW)


def test_a_field_is_for_workflows_that_are_there(alice):
    lost = CustomField("points", "Points", "number", workflows=("sofware",))

    with pytest.raises(FieldDefinitionRefused, match=r"There is no workflow sofware\. There are errata, "):
        operations.save_field(field=lost, by=alice, at=NOW)
    operations.save_field(field=msgspec.structs.replace(lost, workflows=("software",)), by=alice, at=NOW)
