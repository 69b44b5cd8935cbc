import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.core.designation import DesignationRule
from errata.core.sla import ClockPolicy, EscalationStep, Target
from errata.core.template import (
    DEFAULT,
    FIELDS,
    GALLERY,
    DocumentRefused,
    DurationRefused,
    Overrides,
    Platform,
    changes,
    differences,
    faults,
    from_document,
    parse_duration,
    print_duration,
    resolve,
    to_document,
)
from errata.core.template.durations import DURATION_MIN_MAX
from errata.core.template.words import platform_words, rule_words, step_when, step_words, whom

FOR_CRITICAL = ClockPolicy(targets=(Target(severity="Critical", resolution_min=60),))
RULE = DesignationRule(kind="path", pattern="src/pay/*", owners=("bob@shop.example",))
POLICIES = [ready.template.maximum_time for ready in GALLERY.values()]
OVERRIDES = st.builds(
    Overrides,
    maximum_time=st.none()
    | st.sampled_from([FOR_CRITICAL, *(ready.template.maximum_time for ready in GALLERY.values())]),
    platform=st.none() | st.builds(Platform, kind=st.sampled_from(["slack", "email"]), channel=st.text(max_size=5)),
    ranking=st.none() | st.sampled_from(["severity", "users * 2"]),
    designation=st.none() | st.just((RULE,)),
)


@given(st.integers(1, DURATION_MIN_MAX))
def test_a_duration_is_read_as_it_was_printed(minutes):
    assert parse_duration(print_duration(minutes)) == minutes


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("4h", 240), ("2d", 2_880), ("30m", 30), (" 1d 12h ", 2_160), ("1.5h", 90), ("2 Weeks", 20_160), ("90min", 90),
     ("", None), ("–", None)],
)  # fmt: skip
def test_durations_are_written_as_people_write_them(text, minutes):
    assert parse_duration(text) == minutes


@pytest.mark.parametrize("text", ["4", "4x", "h", "0m", "-4h", "0.1m", "9999999w", "4h oder so", "١h"])
def test_what_is_no_duration_is_refused_with_an_example(text):
    with pytest.raises(DurationRefused, match="4h"):
        parse_duration(text)


def test_each_field_comes_from_the_narrowest_that_sets_it():
    whole = resolve(
        [
            ("organization", Overrides(ranking="severity", platform=Platform("slack", "ops"))),
            ("team", Overrides(ranking="users")),
            ("project", Overrides(maximum_time=FOR_CRITICAL)),
        ]
    )

    assert whole.template == msgspec.structs.replace(
        DEFAULT, ranking="users", platform=Platform("slack", "ops"), maximum_time=FOR_CRITICAL
    )
    assert whole.origins == {
        "maximum_time": "project", "platform": "organization", "ranking": "team", "designation": "default",
    }  # fmt: skip


@given(st.lists(OVERRIDES, max_size=3))
def test_whatever_nobody_sets_is_what_errata_starts_with(layers):
    whole = resolve(list(zip(("organization", "team", "project"), layers, strict=False)))

    for name in FIELDS:
        setting = [own for layer in layers if (own := getattr(layer, name)) is not None]
        assert getattr(whole.template, name) == (setting[-1] if setting else getattr(DEFAULT, name))
        assert (whole.origins[name] == "default") == (not setting)


@given(OVERRIDES)
def test_a_document_is_read_as_it_was_written(overrides):
    assert from_document(json.loads(json.dumps(to_document(overrides)))) == overrides


def test_a_document_has_durations_as_text():
    document = to_document(Overrides(maximum_time=FOR_CRITICAL))

    assert document["maximum_time"]["targets"][0] == {"priority": "", "severity": "Critical", "response": None,
                                                      "update": None, "resolution": "1h"}  # fmt: skip
    assert set(document) == {"maximum_time"}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"maximum_tme": {}}, "no maximum_tme"),
        ({"maximum_time": {"targets": [{"resolution": "1h"}, {"resolutio": "4h"}]}}, r"targets\[1\].resolutio"),
        ({"platform": {"kind": "irc"}}, "platform.kind"),
        ({"ranking": 4}, "ranking"),
        ([], "Expected `object`"),
    ],
)
def test_a_document_that_is_no_template_is_refused_with_the_place(document, says):
    with pytest.raises(DocumentRefused, match=says):
        from_document(document)


@given(OVERRIDES, OVERRIDES)
def test_every_change_has_words_and_no_change_has_none(before, after):
    assert bool(changes(before, after)) == (before != after)
    one, other = resolve([("team", before)]).template, resolve([("team", after)]).template
    assert bool(differences(one, other)) == (one != other)


@given(OVERRIDES, st.sampled_from(["calendar", "on_reopen", "paused_in", "escalation"]))
def test_any_field_of_the_policy_that_differs_is_told(overrides, name):
    policy = overrides.maximum_time or FOR_CRITICAL
    other = {
        "calendar": "office", "on_reopen": "restart" if policy.on_reopen == "continue" else "continue",
        "paused_in": ("Elsewhere",), "escalation": (EscalationStep(12, "notify", to=("#night",)),),
    }  # fmt: skip
    changed = msgspec.structs.replace(policy, **{name: other[name]})

    assert changes(Overrides(maximum_time=policy), Overrides(maximum_time=changed))


def test_changes_are_told_in_words():
    other = msgspec.structs.replace(FOR_CRITICAL, targets=(Target(severity="Critical", resolution_min=240),))

    told = changes(Overrides(maximum_time=FOR_CRITICAL, ranking="severity"), Overrides(maximum_time=other))

    assert told == ["Resolution of severity Critical: 1h → 4h.", "Basis for ranking: inherited again."]


@pytest.mark.parametrize("slug", GALLERY)
def test_what_the_gallery_offers_can_be_used_and_promises_every_issue_something(slug):
    template = GALLERY[slug].template

    assert faults(Overrides(template.maximum_time, template.platform, template.ranking, template.designation)) == []
    assert template.maximum_time.target_for("Low", "Trivial") is not None


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (Overrides(ranking="severity *"), "has to follow"),
        (Overrides(maximum_time=ClockPolicy(targets=(Target(), Target(severity="Major")))), "never used"),
        (Overrides(maximum_time=ClockPolicy(targets=(Target(severity="Awful"),))), "no severity Awful"),
        (Overrides(maximum_time=ClockPolicy(targets=(Target(priority="Now"),))), "no priority Now"),
        (Overrides(maximum_time=ClockPolicy(targets=(Target(response_min=0),))), "between a minute"),
        (Overrides(maximum_time=ClockPolicy(targets=(Target(response_min=9, resolution_min=8),))), "longer than"),
        (Overrides(maximum_time=ClockPolicy(escalation=(EscalationStep(0, "notify", ("deputy",)),))), "no share"),
        (Overrides(maximum_time=ClockPolicy(escalation=(EscalationStep(9, "notify"),))), "Whom to tell"),
        (Overrides(maximum_time=ClockPolicy(escalation=(EscalationStep(9, "notify", ("boss",)),))), "“boss”"),
        (Overrides(designation=(DesignationRule(kind="path", owners=("#pay",)),)), "says nothing"),
        (Overrides(designation=(DesignationRule(kind="tag", pattern="eu", owners=("#pay",)),)), "name=value"),
        (Overrides(designation=(DesignationRule(),)), "names nobody"),
        (Overrides(designation=(DesignationRule(owners=("bob",)),)), "“bob”"),
        (Overrides(platform=Platform("slack", "x" * 400)), "longer"),
    ],
)
def test_what_nobody_could_work_by_has_faults(overrides, says):
    found = faults(overrides)

    assert any(says in fault.words.replace("may take longer", "longer than") for fault in found), found


def test_the_fields_are_told_as_sentences():
    assert whom(Target(severity="Major", priority="High")) == "severity Major and priority High"
    assert whom(Target()) == "every other issue"
    assert step_when(EscalationStep(100, "deputise")) == "When the time has run out"
    assert step_words(EscalationStep(90, "notify", ("assignee", "#night"))) == "the assignee and #night are told"
    assert rule_words(RULE) == "Issues about a file matching src/pay/* go to bob@shop.example."
    assert rule_words(DesignationRule(owners=("#pay",), choose="round_robin")) == (
        "Everything else goes to in turn one of #pay."
    )
    assert platform_words(Platform("slack", "ops")) == "Slack, ops"
