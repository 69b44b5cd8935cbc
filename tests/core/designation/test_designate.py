"""Who gets an issue, and why."""

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from errata.core.designation import (
    DesignationRule,
    Facts,
    Frame,
    Handover,
    Load,
    Member,
    RuleList,
    Staff,
    designate,
    holdings,
    read_rules,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BOB = Member(id=1, email="bob@shop.example", name="Bob", teams=("payments",), skills=("python",))
EVE = Member(id=2, email="eve@shop.example", name="Eve", teams=("payments",))
KIM = Member(id=3, email="kim@shop.example", name="Kim", teams=("payments", "web"), skills=("javascript",))
GONE = Member(id=4, email="gone@shop.example", name="Gone", teams=("payments",), active=False)
LOOKS = Member(id=5, email="looks@shop.example", name="Looks", teams=("payments",), may_work=False)
PEOPLE = (BOB, EVE, KIM, GONE, LOOKS)
STAFF = Staff(members=PEOPLE)
CHARGE = Facts(frames=(Frame(path="billing/charge.py", module="billing.charge"),), platform="python", type="Error")


def decide(text, *, facts=CHARGE, staff=STAFF, at=NOW, name="ownership"):
    read = read_rules(text)
    assert not read.problems
    return designate([RuleList(name, read.rules, read.lines)], facts=facts, staff=staff, at=at)


def test_the_reason_names_the_rule_what_it_matched_and_the_choice():
    staff = msgspec.structs.replace(STAFF, loads={1: Load(3, 9), 2: Load(1, 8), 3: Load(4, 4)})

    found = decide("path:shop/** kim@shop.example\npath:billing/** #payments choose=least_load", staff=staff)

    assert found.assignee == KIM.id
    assert found.reason == "path:billing/** matched billing/charge.py; least load of 3"
    assert (found.deputy, found.deputy_reason) == (EVE.id, "next by the same rule, of 3")
    assert [(one.name, one.load) for one in found.considered] == [("Kim", 4), ("Eve", 8), ("Bob", 9)]
    assert {one.who: one.why for one in found.declined} == {
        "Gone": "not active any more",
        "Looks": "may look, not work",
    }
    assert (found.matched.line, found.rules) == (2, 2)


def test_the_first_rule_that_is_about_the_issue_decides():
    assert decide("billing/* eve@shop.example\n* bob@shop.example").assignee == EVE.id
    assert decide("* bob@shop.example\nbilling/* eve@shop.example").assignee == BOB.id


def test_a_rule_whose_people_are_all_gone_is_passed_and_told_of():
    found = decide("billing/* gone@shop.example outsider@elsewhere.example\n* bob@shop.example")

    assert found.assignee == BOB.id
    assert found.passed[0].why == "Gone: not active any more; outsider@elsewhere.example: nobody here"


def test_who_is_away_is_stood_in_for_or_left_out():
    later = datetime(2026, 12, 1, tzinfo=UTC)
    away = msgspec.structs.replace(BOB, away_until=later, stand_in=EVE.id)
    staff = Staff(members=(away, EVE, KIM))

    found = decide("* bob@shop.example", staff=staff)

    assert found.assignee == EVE.id
    assert found.reason.endswith("stands in for Bob, who is away")
    alone = Staff(members=(msgspec.structs.replace(away, stand_in=None), EVE, KIM))
    assert decide("* bob@shop.example\n* kim@shop.example", staff=alone).assignee == KIM.id


def test_who_is_an_owner_in_their_own_right_stands_in_for_nobody():
    away = msgspec.structs.replace(BOB, away_until=NOW, stand_in=EVE.id)
    found = decide("* #payments choose=round_robin", staff=Staff(members=(away, EVE, KIM)))
    assert "stands in" not in found.reason
    assert [one.name for one in found.considered] == ["Eve", "Kim"]


def test_outside_of_its_hours_a_rule_is_passed():
    text = '* eve@shop.example hours="08:00-10:00 UTC"\n* bob@shop.example'

    assert decide(text, at=NOW.replace(hour=9)).assignee == EVE.id
    late = decide(text, at=NOW)
    assert late.assignee == BOB.id
    assert late.passed[0].why == "outside of its hours, 08:00-10:00 UTC"


def test_a_rule_that_names_nobody_ends_its_list_and_not_the_next():
    first, second = read_rules("billing/*\n* bob@shop.example"), read_rules("* eve@shop.example")
    lists = [RuleList("ownership", first.rules), RuleList("template", second.rules)]

    assert designate(lists, facts=CHARGE, staff=STAFF, at=NOW).assignee == EVE.id


def test_a_named_deputy_comes_before_the_next_in_line():
    found = decide("* bob@shop.example eve@shop.example deputy=kim@shop.example")
    assert (found.assignee, found.deputy, found.deputy_reason) == (BOB.id, KIM.id, "named by the rule")


def test_an_only_owner_has_a_deputy_of_their_own_team():
    staff = msgspec.structs.replace(STAFF, loads={2: Load(1, 4)})
    found = decide("* bob@shop.example", staff=staff)
    assert (found.assignee, found.deputy) == (BOB.id, KIM.id)
    assert found.deputy_reason == "least load of 2 in #payments beside the assignee"


def test_skill_chooses_who_knows_what_the_issue_is_about():
    found = decide("* #payments choose=skill")
    assert (found.assignee, found.reason) == (BOB.id, "the rule for every issue; skilled in python; best of 3")
    asked = decide("* #payments choose=skill skill=javascript")
    assert asked.assignee == KIM.id
    assert "nobody has the skill" in decide("* #payments choose=skill skill=cobol").reason


def test_who_is_on_duty_comes_first():
    staff = msgspec.structs.replace(STAFF, on_duty=frozenset({KIM.id}))
    assert decide("* bob@shop.example kim@shop.example choose=on_duty", staff=staff).assignee == KIM.id
    assert decide("* bob@shop.example kim@shop.example choose=on_duty").assignee == BOB.id


def test_nobody_is_said_with_the_reason():
    assert decide("").reason == "there are no rules for this project, and no team owns it"
    assert decide("shop/* bob@shop.example").reason == "none of 1 rules is about it"
    assert decide("* gone@shop.example").reason == "none of 1 rules has somebody for it"


OWNERS = st.sampled_from([*(one.email for one in PEOPLE), "stranger@elsewhere.example", "#payments", "#web", "#none"])
RULES = st.builds(
    DesignationRule,
    kind=st.sampled_from(["always", "path", "module", "type", "service"]),
    pattern=st.sampled_from(["billing/*", "billing.*", "shop/*", "Error", "*"]),
    owners=st.lists(OWNERS, max_size=4).map(tuple),
    deputies=st.lists(OWNERS, max_size=2).map(tuple),
    choose=st.sampled_from(["first", "round_robin", "least_load", "skill", "on_duty"]),
)
LISTS = st.lists(st.lists(RULES, max_size=5).map(lambda rules: RuleList("ownership", tuple(rules))), max_size=3)
LOADS = st.dictionaries(st.integers(1, 5), st.builds(Load, st.integers(0, 9), st.integers(0, 99)))
AWAY = st.sets(st.integers(1, 5))


def staff_of(loads, away):
    members = tuple(
        msgspec.structs.replace(one, away_until=NOW, stand_in=one.id % 5 + 1) if one.id in away else one
        for one in PEOPLE
    )
    return Staff(members=members, loads=loads)


@given(lists=LISTS, loads=LOADS, away=AWAY)
def test_whoever_gets_it_is_one_of_us_there_and_able_and_so_is_the_deputy(lists, loads, away):
    staff = staff_of(loads, away)
    found = designate(lists, facts=CHARGE, staff=staff, at=NOW)

    able = {one.id for one in staff.members if one.active and one.may_work and one.away_until is None}
    assert found.assignee is None or found.assignee in able
    assert found.deputy is None or found.deputy in able - {found.assignee}
    assert found.assignee is not None or found.deputy is None
    assert found.reason
    assert found == designate(lists, facts=CHARGE, staff=staff, at=NOW)


@given(lists=LISTS, loads=LOADS, away=AWAY, more=LISTS)
def test_later_rules_never_change_what_an_earlier_one_decided(lists, loads, away, more):
    staff = staff_of(loads, away)
    found = designate(lists, facts=CHARGE, staff=staff, at=NOW)
    if found.assignee is not None:
        again = designate([*lists, *more], facts=CHARGE, staff=staff, at=NOW)
        assert (again.assignee, again.deputy, again.matched) == (found.assignee, found.deputy, found.matched)


@given(people=st.integers(1, 8), issues=st.integers(0, 60))
def test_round_robin_gives_everybody_as_many_as_the_others(people, issues):
    members = tuple(
        Member(id=n, email=f"p{n}@shop.example", name=f"P{n}", teams=("all",)) for n in range(1, people + 1)
    )
    rule = DesignationRule(owners=("#all",), choose="round_robin")
    turns: dict[str, dict[int, int]] = {}
    held: Counter[int] = Counter({member.id: 0 for member in members})
    for number in range(1, issues + 1):
        found = designate([RuleList("ownership", (rule,))], facts=CHARGE, staff=Staff(members, turns=turns), at=NOW)
        turns.setdefault(found.matched.key, {})[found.assignee] = number
        held[found.assignee] += 1
    assert max(held.values()) - min(held.values()) <= 1


def test_an_outcome_survives_being_kept():
    found = decide("path:billing/** #payments choose=least_load")
    assert msgspec.json.decode(msgspec.json.encode(found), type=type(found)) == found


def test_old_templates_still_decode():
    rule = msgspec.convert(
        {"kind": "path", "pattern": "x", "owners": ["#a"], "choose": "first", "hours": ""}, DesignationRule
    )
    assert rule.deputies == rule.skills == ()


MOVES = st.lists(st.tuples(st.sampled_from(["assignee", "deputy"]), st.one_of(st.none(), st.integers(1, 3))))


@given(MOVES)
def test_nobody_shares_a_post_and_only_the_last_still_holds_it(moves):
    found = holdings(
        Handover(post, to, str(to), NOW.replace(minute=index % 60, hour=index // 60), "Errata")
        for index, (post, to) in enumerate(moves)
    )
    assert len(found) == sum(to is not None for _, to in moves)
    for post in ("assignee", "deputy"):
        own = [one for one in found if one.post == post]
        assert all(one.until is not None and one.until <= after.since for one, after in pairwise(own))
        last = next((to for kept, to in reversed(moves) if kept == post), None)
        assert [one.person for one in own if one.until is None] == ([] if last is None else [last])
