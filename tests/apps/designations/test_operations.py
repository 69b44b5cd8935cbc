"""What a project says of its owners, what people can, when they are away; and what can be asked about it."""

from datetime import timedelta

import pytest

from errata.apps.accounts.permissions import Forbidden
from errata.apps.audit import queries as audit
from errata.apps.designations import operations, queries
from errata.apps.issues import operations as issues
from errata.apps.issues import queries as issue_queries
from errata.apps.projects.queries import ProjectNotFound
from errata.core.designation import PathMapping
from tests.apps.facts import delta
from tests.apps.issues.shop import arrive, look, report
from tests.people import NOW
from tests.web import shop

DAY = timedelta(days=1)


def test_rules_are_kept_as_they_were_written_and_logged(payments, olga):
    text = "# ours\npath:billing/** bob@shop.example\n"
    operations.set_ownership(which="PAY", rules=text, by=olga, at=NOW)

    found = queries.ownership(actor=olga, which="payments")

    assert found.rules == text.strip()
    assert found.version == 1
    assert audit.list_entries(actor=olga).items[0].action == "ownership.changed"


def test_lines_that_cannot_be_read_are_refused_with_their_numbers(payments, olga):
    with pytest.raises(operations.OwnershipRefused, match="Line 2: “bob” is neither") as refusal:
        operations.set_ownership(which="PAY", rules="* bob@shop.example\nsrc/* bob", by=olga, at=NOW)
    assert refusal.value.data["problems"][0]["line"] == 2
    assert queries.ownership(actor=olga, which="PAY").rules == ""


def test_who_saves_over_anothers_change_is_told(payments, olga):
    operations.set_ownership(which="PAY", rules="* #a", version=0, by=olga, at=NOW)
    with pytest.raises(operations.OwnershipChangedMeanwhile):
        operations.set_ownership(which="PAY", rules="* #b", version=0, by=olga, at=NOW)


def test_saving_the_same_again_changes_nothing(payments, olga):
    first = operations.set_ownership(which="PAY", rules="* #a", by=olga, at=NOW)
    before = audit.head()
    assert operations.set_ownership(which="PAY", rules="* #a", by=olga, at=NOW).version == first.version
    assert audit.head() == before


def test_the_rules_are_listed_in_their_order_with_whom_they_mean(rules, payments, money, olga, bob):
    rules("path:billing/** #money\n* nobody@shop.example")
    operations.set_ownership(which="PAY", codeowners="/docs/ bob@shop.example\n", by=olga, at=NOW)

    found, total = queries.list_rules(actor=bob, which="PAY", now=NOW)

    assert [(one.origin, one.line, one.subject) for one in found] == [
        ("ownership", 1, "path:billing/**"),
        ("ownership", 2, "*"),
        ("CODEOWNERS", 1, "codeowners:/docs/"),
    ]
    assert found[0].owners[0].people == ("Bob Builder", "Dave Driver")
    assert found[1].owners[0].problem == "nobody here has this address"
    assert total == 3


def test_a_preview_says_which_owners_mean_nobody_and_guesses_the_others(rules, payments, money, olga):
    text = "* @octocat\n/a/ @bob\n/b/ @org/money\n/c/ gone@shop.example\n"

    found = queries.preview_codeowners(actor=olga, which="PAY", text=text, owners={}, now=NOW)

    assert found.named == {
        "@bob": "bob@shop.example",
        "@org/money": "#money",
        "@octocat": "",
        "gone@shop.example": "",
    }
    assert [rule.pattern for rule in found.read.rules] == ["/c/", "/b/", "/a/"]
    assert queries.ownership(actor=olga, which="PAY").codeowners == "", "a preview keeps nothing"


def test_a_mapping_is_kept_and_used(rules, payments, olga, bob):
    mappings = [PathMapping(stack_root="/app/", source_root="backend/")]
    file = "/backend/shop/ bob@shop.example\n"
    operations.set_ownership(which="PAY", codeowners=file, mappings=mappings, by=olga, at=NOW)

    trial = queries.try_text(actor=bob, which="PAY", text="/app/shop/basket.py", now=NOW)

    assert trial.assignee.email == bob.email
    assert trial.outcome.matched.what == "backend/shop/basket.py"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("billing/charge.py", "billing/charge.py"),
        ("https://shop.example/pay", "https://shop.example/pay"),
        ("region=eu", "region=eu"),
        ("shop.basket", "shop.basket"),
    ],
)
def test_rules_can_be_tried_on_a_path_a_url_a_tag_or_a_module(rules, payments, bob, text, what):
    rules("billing/* #money\nurl:*/pay #money\ntags.region:eu #money\nmodule:shop.* #money")
    trial = queries.try_text(actor=bob, which="PAY", text=text, now=NOW)
    assert trial.outcome.matched.what == what
    assert trial.assignee


def test_trying_on_an_issue_says_who_would_get_it_and_changes_nothing(rules, payments, bob, dave):
    rules("* #money choose=round_robin")
    shop.fail(payments, number=0, at=NOW)
    issues.assign_issue(key="PAY-1", to=dave.email, by=bob, at=NOW)
    before = audit.head()

    first, second = (queries.try_issue(actor=bob, key="PAY-1", now=NOW) for _ in range(2))

    assert first.assignee.email == second.assignee.email == bob.email
    assert audit.head() == before


def test_issues_that_had_nobody_are_designated_on_demand(rules, payments, bob, olga):
    arrive(*[delta(payments, number) for number in range(1, 4)])
    rules("* bob@shop.example")

    done = operations.designate_unheld(which="PAY", by=olga, at=NOW)

    assert done.assigned == ("PAY-1", "PAY-2", "PAY-3")
    assert done.left == 0
    assert look("PAY-2", bob).assignee.email == bob.email


def test_people_say_what_they_can_and_when_they_are_away(payments, bob, alice):
    operations.set_skills(who="me", skills=["Python", " payments ", "python"], by=bob, at=NOW)
    operations.add_absence(who=bob.email, since=NOW, until=NOW + DAY, stand_in=alice.email, by=alice, at=NOW)

    [found] = [one for one in queries.list_colleagues(actor=bob, now=NOW) if one.person.email == bob.email]

    assert found.skills == ("payments", "python")
    assert found.away.stand_in.email == alice.email
    operations.end_absence(absence_id=found.away.id, by=bob, at=NOW)
    [found] = [one for one in queries.list_colleagues(actor=bob, now=NOW) if one.person.email == bob.email]
    assert found.away is None


def test_a_member_says_nothing_for_others(payments, bob, alice, carol):
    with pytest.raises(Forbidden):
        operations.set_skills(who=alice.email, skills=["law"], by=bob, at=NOW)
    with pytest.raises(Forbidden):
        operations.add_absence(who=alice.email, since=NOW, until=NOW + DAY, by=bob, at=NOW)
    with pytest.raises(Forbidden):
        operations.set_skills(who="me", skills=["law"], by=carol, at=NOW)
    with pytest.raises(Forbidden):
        operations.set_ownership(which="PAY", rules="* #a", by=bob, at=NOW)


@pytest.mark.parametrize(
    ("since", "until", "stand_in", "why"),
    [
        (NOW, NOW, None, "ends after it begins"),
        (NOW - 2 * DAY, NOW - DAY, None, "over already"),
        (NOW, NOW + DAY, "bob@shop.example", "for themselves"),
    ],
)
def test_an_absence_that_cannot_be_is_refused(payments, bob, since, until, stand_in, why):
    with pytest.raises(operations.AbsenceRefused, match=why):
        operations.add_absence(who="me", since=since, until=until, stand_in=stand_in, by=bob, at=NOW)


def test_the_suggestion_is_who_fixed_issues_of_the_same_place(payments, bob, alice, carol, now):
    arrive(*[delta(payments, number, culprit="shop.basket in total") for number in (1, 2)])
    arrive(delta(payments, 3, culprit="shop.basket in empty"))
    issues.assign_issue(key="PAY-1", to=bob.email, by=alice, at=NOW)
    for stage in ("Retest", "Fixed"):
        issues.transition_issue(key="PAY-1", to=stage, comment="Seen to work.", by=bob, at=NOW)
    issues.comment_on_issue(key="PAY-2", body="Hm", by=alice, at=NOW)

    found = queries.suggest(actor=carol, key="PAY-3", now=NOW)

    assert found.person.email == bob.email
    assert found.reason.startswith("fixed PAY-1")
    day = timedelta(days=1)
    operations.add_absence(who="me", since=NOW, until=NOW + day, by=bob, at=NOW)
    found = queries.suggest(actor=carol, key="PAY-3", now=NOW)
    assert (found.person.email, found.reason) == (alice.email, "commented on PAY-2 in shop.basket")
    assert queries.suggest(actor=carol, key=report("Elsewhere", bob), now=NOW) is None


def test_who_held_an_issue_when_is_kept(payments, bob, alice):
    key = report("Slow", bob, assignee=bob.email)
    issues.set_deputy(key=key, to=alice.email, by=bob, at=NOW + DAY)
    issues.assign_issue(key=key, to=alice.email, by=bob, at=NOW + 2 * DAY, reason="knows it")
    issues.assign_issue(key=key, to=None, by=alice, at=NOW + 3 * DAY)

    found = issue_queries.holders(actor=bob, key=key)

    assert [(one.post, one.name, one.since, one.until) for one in found] == [
        ("assignee", "Bob Builder", NOW, NOW + 2 * DAY),
        ("deputy", "Alice Admin", NOW + DAY, None),
        ("assignee", "Alice Admin", NOW + 2 * DAY, NOW + 3 * DAY),
    ]
    assert (found[2].by, found[2].reason) == ("Bob Builder", "knows it")


def test_another_organisation_sees_and_changes_nothing(rules, payments, bob, mallory):
    rules("* bob@shop.example")
    key = report("Slow", bob)
    absence = operations.add_absence(who="me", since=NOW, until=NOW + DAY, by=bob, at=NOW)
    for refused in (
        lambda: queries.ownership(actor=mallory, which="payments"),
        lambda: queries.list_rules(actor=mallory, which="payments", now=NOW),
        lambda: queries.try_text(actor=mallory, which="payments", text="x", now=NOW),
        lambda: operations.set_ownership(which=payments.id, rules="* #a", by=mallory, at=NOW),
        lambda: operations.designate_unheld(which=payments.id, by=mallory, at=NOW),
    ):
        with pytest.raises(ProjectNotFound):
            refused()
    for refused in (
        lambda: queries.try_issue(actor=mallory, key=key, now=NOW),
        lambda: queries.decision(actor=mallory, key=key),
        lambda: queries.suggest(actor=mallory, key=key, now=NOW),
        lambda: issue_queries.holders(actor=mallory, key=key),
    ):
        with pytest.raises(issues.IssueNotFound):
            refused()
    with pytest.raises(operations.AbsenceNotFound):
        operations.end_absence(absence_id=absence, by=mallory, at=NOW)
    assert [one.person.email for one in queries.list_colleagues(actor=mallory, now=NOW)] == ["mallory@rival.example"]
    assert issue_queries.loads_of(actor=mallory) == {}
