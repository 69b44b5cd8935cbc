from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.core.retest import CheckResult, Environment, Facts, Fix, Prior, Recurrence, counting_from, judge
from errata.core.retest.silence import occurrences

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DEPLOYED = NOW - timedelta(hours=20)
FIX = Fix("1a2b3c4 of shop/payments", at=NOW - timedelta(days=1))
PRODUCTION = Environment("production", occurred=True, running="shop@1.3.0", carries=True, since=DEPLOYED)
OFTEN = Prior(events=140, since=DEPLOYED - timedelta(days=14), until=DEPLOYED)
GREEN = CheckResult("e2e", "passed", at=NOW, on="1a2b3c4")
PROVEN = Facts(
    now=NOW, entered=NOW - timedelta(days=1), fixes=(FIX,), environments=(PRODUCTION,), checks=(GREEN,), prior=OFTEN
)
EVENT = Recurrence(
    release="shop@1.3.0", environment="production", events=2, first_at=NOW - timedelta(hours=1),
    last_at=NOW, carries=True, event_id="f" * 32,
)  # fmt: skip


def facts(**changes) -> Facts:
    return msgspec.structs.replace(PROVEN, **changes)


def states(given_facts) -> dict[str, str]:
    return {proof.name: proof.state for proof in judge(given_facts).proofs}


def test_a_fix_that_runs_is_green_and_silent_is_proven():
    verdict = judge(PROVEN)

    assert verdict.outcome == "pass"
    assert verdict.held == verdict.needed == ["released", "checked", "silent"]
    assert "shop@1.3.0 in production" in verdict.words


def test_a_fix_that_is_not_deployed_is_waited_for_and_silence_does_not_count_yet():
    before = facts(environments=(Environment("production", True, "shop@1.2.0", carries=False),), recurrences=(EVENT,))

    assert judge(before).outcome == "wait"
    assert states(before) == {"released": "wait", "checked": "pass", "silent": "wait"}
    assert counting_from(before) is None


def test_every_environment_where_it_occurred_has_to_run_it():
    both = facts(environments=(PRODUCTION, Environment("staging", True, "shop@1.2.0", carries=False)))

    assert states(both)["released"] == "wait"
    assert (
        states(facts(environments=(PRODUCTION, Environment("staging", False, "x", carries=False))))["released"]
        == "pass"
    )


def test_silence_counts_from_the_last_deploy():
    later = Environment("staging", True, "shop@1.3.0", carries=True, since=NOW - timedelta(hours=1))

    assert counting_from(facts(environments=(PRODUCTION, later))) == NOW - timedelta(hours=1)


def test_a_fix_that_ran_before_the_issue_was_ever_met_is_silent_from_the_retest_on():
    early = facts(first_seen=DEPLOYED + timedelta(hours=1), entered=NOW - timedelta(hours=2))

    assert counting_from(early) == NOW - timedelta(hours=2)
    assert counting_from(facts(first_seen=DEPLOYED - timedelta(days=14))) == DEPLOYED


def test_a_rate_from_less_than_a_day_is_not_taken_for_one():
    young = Prior(events=3, since=DEPLOYED - timedelta(minutes=3), until=DEPLOYED)

    assert judge(facts(prior=young)).outcome == "wait"
    assert judge(facts(prior=young)).proofs[2].numbers["prior_hours"] == 24


def test_a_release_whose_content_is_unknown_proves_nothing():
    unknown = facts(environments=(Environment("production", True, "spring", carries=None),))

    assert states(unknown)["released"] == "wait"
    assert "isn't known" in judge(unknown).words


def test_a_fix_that_was_rolled_back_fails():
    back = facts(environments=(Environment("production", True, "shop@1.2.0", carries=False, lost="shop@1.3.0"),))

    assert judge(back).outcome == "fail"
    assert "shop@1.3.0" in judge(back).words


def test_a_fix_that_was_reverted_fails_unless_another_stands():
    taken_back = msgspec.structs.replace(FIX, reverted_by="9f9f9f9")

    assert judge(facts(fixes=(taken_back,))).outcome == "fail"
    assert judge(facts(fixes=(taken_back, FIX))).outcome == "pass"


@pytest.mark.parametrize(("state", "outcome"), [("failed", "fail"), ("pending", "wait"), ("passed", "pass")])
def test_the_checks_have_to_be_green(state, outcome):
    check = msgspec.structs.replace(GREEN, name="browser", state=state)

    assert judge(facts(checks=(GREEN, check))).outcome == outcome


def test_a_check_that_is_linked_or_usual_is_waited_for():
    assert states(facts(checks=(), awaited=("e2e",)))["checked"] == "wait"
    assert states(facts(checks=(), checks_expected=True))["checked"] == "wait"
    assert states(facts(checks=()))["checked"] == "none"


def test_a_recurrence_fails_with_the_event_as_its_evidence():
    verdict = judge(facts(recurrences=(EVENT,)))

    assert verdict.outcome == "fail"
    assert verdict.proofs[2].numbers["event_id"] == "f" * 32
    assert "2 events" in verdict.words


def test_an_event_of_an_older_release_is_not_held_against_the_fix():
    old = msgspec.structs.replace(EVENT, release="shop@1.2.0", carries=False)
    verdict = judge(facts(recurrences=(old,)))

    assert verdict.outcome == "pass"
    assert verdict.proofs[2].numbers["ignored"] == {"shop@1.2.0": 2}


def test_an_event_without_a_release_may_come_while_a_deploy_settles():
    at = DEPLOYED + timedelta(minutes=2)
    late = msgspec.structs.replace(EVENT, release="", carries=None, first_at=at, last_at=at)

    assert judge(facts(recurrences=(late,))).outcome == "pass"
    assert judge(facts(recurrences=(msgspec.structs.replace(late, last_at=NOW),))).outcome == "fail"


def test_how_much_longer_to_wait_is_told():
    rare = facts(prior=Prior(events=28, since=DEPLOYED - timedelta(days=14), until=DEPLOYED))
    verdict = judge(rare)

    assert verdict.outcome == "wait"
    assert verdict.ready_at is not None
    assert "more at this rate" in verdict.words
    assert judge(msgspec.structs.replace(rare, now=verdict.ready_at + timedelta(seconds=1))).outcome == "pass"


def test_less_traffic_means_a_longer_wait():
    busy = msgspec.structs.replace(OFTEN, traffic=1_000.0)

    assert judge(facts(prior=busy, traffic=1_000.0)).outcome == "pass"
    assert judge(facts(prior=busy, traffic=100.0)).outcome == "wait"
    assert judge(facts(prior=busy, traffic=None)).outcome == "pass"


def test_bursts_are_no_more_evidence_than_what_set_them_off():
    once_a_day = tuple(140 if part == 7 else 0 for part in range(14))
    bursts = facts(prior=msgspec.structs.replace(OFTEN, counts=once_a_day))

    assert judge(bursts).outcome == "wait"
    assert judge(facts(prior=msgspec.structs.replace(OFTEN, counts=(10,) * 14))).outcome == "pass"


def test_episodes_with_quiet_between_them_are_as_many_occurrences_however_unequal():
    uneven = tuple({0: 100, 3: 2, 6: 10, 9: 1, 12: 27}.get(part, 0) for part in range(14))

    assert occurrences(140, uneven) == 5
    assert occurrences(140, ()) == 140
    assert occurrences(0, ()) == 0
    assert occurrences(2, (1, 0, 1, 0, 1) * 4) == 2


def test_what_nothing_can_prove_is_left_to_a_person():
    bare = Facts(now=NOW, entered=NOW)

    assert judge(bare).outcome == "wait"
    assert judge(bare).needed == []


def test_without_a_linked_fix_silence_counts_from_the_retest():
    alone = facts(fixes=(), checks=())

    assert counting_from(alone) == alone.entered
    assert judge(alone).outcome == "pass"
    assert judge(alone).needed == ["silent"]


def test_where_nobody_tells_of_releases_that_proof_does_not_apply():
    assert states(facts(environments=()))["released"] == "none"


facts_of_all_kinds = st.builds(
    Facts,
    now=st.just(NOW),
    entered=st.just(NOW - timedelta(days=1)),
    fixes=st.lists(
        st.builds(Fix, st.just("fix"), st.just(DEPLOYED), st.sampled_from(["", "9f9"])), max_size=2
    ).map(tuple),
    environments=st.lists(
        st.builds(
            Environment, st.sampled_from(["production", "staging"]), st.booleans(), st.sampled_from(["", "a@1"]),
            st.sampled_from([True, False, None]), st.sampled_from([None, DEPLOYED]), st.sampled_from(["", "a@2"]),
        ),
        max_size=2,
    ).map(tuple),
    checks=st.lists(
        st.builds(
            CheckResult, st.just("e2e"), st.sampled_from(["passed", "failed", "pending", "neutral"]), st.just(NOW),
            st.just("1a2"),
        ),
        max_size=2,
    ).map(tuple),
    prior=st.none() | st.builds(Prior, st.integers(0, 500), st.just(DEPLOYED - timedelta(days=9)), st.just(DEPLOYED)),
    recurrences=st.lists(
        st.just(EVENT) | st.just(msgspec.structs.replace(EVENT, carries=False)), max_size=2
    ).map(tuple),
)  # fmt: skip


@given(facts_of_all_kinds)
def test_a_verdict_is_what_its_proofs_are(given_facts):
    verdict = judge(given_facts)
    found = {proof.state for proof in verdict.proofs}

    expected = "fail" if "fail" in found else "wait" if "wait" in found or found == {"none"} else "pass"
    assert verdict.outcome == expected
    assert verdict.words
    assert all(proof.words and 0 <= proof.share <= 1 for proof in verdict.proofs)


@given(facts_of_all_kinds, st.integers(0, 3))
def test_a_passing_verdict_survives_time_but_not_an_event_of_the_fix(given_facts, days):
    if judge(given_facts).outcome != "pass":
        return
    later = msgspec.structs.replace(given_facts, now=NOW + timedelta(days=days))
    assert judge(later).outcome == "pass"
    if given_facts.prior and given_facts.prior.events:
        again = msgspec.structs.replace(EVENT, first_at=NOW, last_at=NOW + timedelta(hours=1))
        assert judge(msgspec.structs.replace(later, recurrences=(again,))).outcome == "fail"
