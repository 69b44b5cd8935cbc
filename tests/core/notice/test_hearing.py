"""Who hears of what."""

from hypothesis import given
from hypothesis import strategies as st

from errata.core.notice.hearing import Audience, Happening, Heard, hearers, together
from errata.core.notice.watching import MODES, hears, mode_of

people = st.integers(1, 8)
kinds = st.sampled_from((
    "created", "title", "description", "type", "priority", "severity", "labels", "assignee", "deputy", "stage",
    "commented", "comment_edited", "comment_deleted", "linked", "unlinked", "merged", "merged_into", "unmerged",
    "split", "split_from", "regressed", "something_new",
))  # fmt: skip
persons = st.one_of(st.none(), st.builds(lambda number: {"id": number, "name": f"P{number}"}, people))
happenings = st.builds(
    Happening,
    kind=kinds,
    actor_id=st.one_of(st.none(), people),
    actor_name=st.just("Ann"),
    before=st.fixed_dictionaries({"assignee": persons, "deputy": persons}),
    after=st.fixed_dictionaries({"assignee": persons, "deputy": persons}),
    said=st.text(max_size=400),
    mentioned=st.lists(people, max_size=3),
    told=st.lists(people, max_size=3),
)
audiences = st.builds(
    Audience,
    assignee_id=st.one_of(st.none(), people),
    deputy_id=st.one_of(st.none(), people),
    watchers=st.dictionaries(people, st.sampled_from(("chosen", "assigned", "commented", "created", "mentioned"))),
    modes=st.dictionaries(people, st.sampled_from(MODES)),
    subscribers=st.dictionaries(people, st.sampled_from(("new", "every"))),
    project=st.just("Payments"),
)


@given(happenings, audiences)
def test_nobody_is_told_of_what_they_did_themselves(happening, audience):
    assert happening.actor_id not in hearers(happening, audience)


@given(happenings, audiences)
def test_everybody_told_is_told_why_and_in_words(happening, audience):
    for heard in hearers(happening, audience).values():
        assert heard.reason.startswith("because ")
        assert heard.text
        assert len(heard.text) < 1_000


@given(happenings, audiences)
def test_who_is_mentioned_hears_it_whatever_they_watch(happening, audience):
    told = hearers(happening, audience)

    for person in set(happening.mentioned) - {happening.actor_id}:
        assert told[person].kind == "mentioned"


@given(happenings, audiences)
def test_whom_the_workflow_tells_hears_it_whatever_they_watch(happening, audience):
    told = hearers(happening, audience)

    for person in set(happening.told) - {happening.actor_id}:
        assert told[person].kind in ("mentioned", "assigned", "workflow")


@given(happenings, audiences)
def test_who_chose_to_hear_nothing_hears_nothing_but_their_name(happening, audience):
    told = hearers(happening, audience)

    for person, mode in audience.modes.items():
        if mode == "none" and person in told:
            assert told[person].kind in ("mentioned", "assigned", "workflow")
            assert told[person].reason in (
                "because you were mentioned", "because it was assigned to you", "because it was yours",
                "because you are its deputy now", "because you were its deputy",
                "because the workflow tells you of this move",
            )  # fmt: skip


@given(happenings, audiences)
def test_who_has_nothing_to_do_with_an_issue_hears_nothing(happening, audience):
    around = set(audience.watchers) | set(audience.modes) | set(audience.subscribers)
    named = set(happening.mentioned) | set(happening.told)
    named |= {person["id"] for side in (happening.before, happening.after) for person in side.values() if person}

    assert set(hearers(happening, audience)) <= around | named


def test_each_way_of_watching_lets_less_through_than_the_one_before():
    kinds_heard = ("stage", "regressed", "spike", "commented", "changed")

    assert [sum(hears(mode, kind) for kind in kinds_heard) for mode in ("every", "stage", "spike", "none")] == [
        5, 3, 2, 0
    ]  # fmt: skip
    assert mode_of("assigned") == "every"
    assert mode_of("something new") == "stage"


def test_one_deed_is_one_sentence_about_the_strongest_of_what_it_did():
    told = together(
        [
            Heard("stage", "because you watch it", "Bob moved it from New to Assigned."),
            Heard("assigned", "because it was assigned to you", "Bob assigned it to Ann."),
        ],
        actor_name="Bob",
    )

    assert told == Heard(
        "assigned", "because it was assigned to you", "Bob assigned it to Ann and moved it from New to Assigned."
    )
