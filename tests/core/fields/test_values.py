"""What custom fields take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.core.fields import KINDS, CustomField, FieldValueRefused, checked, faults, missing, slug_of

TEXT, NUMBER, DAY = (CustomField("x", "X", kind) for kind in ("text", "number", "date"))
CHOICE = CustomField("impact", "Impact", "choice", choices=("None", "Slow", "Down"))
BOX, LINK = CustomField("paid", "Paid", "checkbox"), CustomField("run", "Runbook", "url")


@pytest.mark.parametrize(
    ("field", "raw", "kept"),
    [
        (TEXT, " Ada\0 ", "Ada"),
        (NUMBER, "3", 3),
        (NUMBER, "2.50", 2.5),
        (NUMBER, 0, 0),
        (DAY, "2026-02-28", "2026-02-28"),
        (CHOICE, "down", "Down"),
        (BOX, "on", True),
        (BOX, False, False),
        (LINK, "https://wiki.example/x?y=1#z", "https://wiki.example/x?y=1#z"),
        *((field, empty, None) for field in (TEXT, NUMBER, DAY, CHOICE, BOX, LINK) for empty in ("", "  ", None)),
    ],
)
def test_a_value_is_kept_as_its_kind(field, raw, kept):
    assert checked(field, raw) == kept


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        (NUMBER, "many"), (NUMBER, "nan"), (NUMBER, "inf"), (NUMBER, 2**60), (NUMBER, True), (NUMBER, [1]),
        (DAY, "28.2.2026"), (DAY, "2026-02-30"), (CHOICE, "Catastrophic"), (BOX, "perhaps"),
        (LINK, "javascript:alert(1)"), (LINK, "ftp://x.example"), (LINK, "https://x.example/ a"), (TEXT, "x" * 1_001),
    ],
)  # fmt: skip
def test_what_a_field_does_not_take_is_refused_at_the_field(field, raw):
    with pytest.raises(FieldValueRefused) as refusal:
        checked(field, raw)

    assert refusal.value.data["field"] == f"field.{field.slug}"


@given(st.sampled_from(tuple(KINDS)), st.text() | st.integers() | st.floats() | st.booleans() | st.none())
def test_a_kept_value_is_taken_again_as_it_is(kind, raw):
    field = CustomField("x", "X", kind, choices=("a", "b") if kind == "choice" else ())
    try:
        kept = checked(field, raw)
    except FieldValueRefused:
        return

    assert checked(field, kept) == kept
    assert "\0" not in str(kept)


@given(st.text(max_size=80))
def test_every_name_makes_a_slug_that_can_be_used(name):
    assert faults(CustomField(slug_of(name), "Name", "text"), types=()) == []


@pytest.mark.parametrize(
    ("name", "slug"), [("Story points", "story_points"), ("Contains", "contains_field"), ("Ü", "field")]
)
def test_slugs_are_readable(name, slug):
    assert slug_of(name) == slug


@pytest.mark.parametrize(
    ("field", "fault"),
    [
        (CustomField("x", " ", "text"), "1 to 60 characters"),
        (CustomField("9x", "X", "text"), "can't be a field's slug"),
        (CustomField("contains", "X", "text"), "can't be a field's slug"),
        (CustomField("points__gt", "X", "text"), "can't be a field's slug"),
        (CustomField("points_", "X", "text"), "can't be a field's slug"),
        (CustomField("x", "X", "choice"), "needs something to choose from"),
        (CustomField("x", "X", "choice", choices=("a", "A")), "there once"),
        (CustomField("x", "X", "text", choices=("a",)), "Only a choice"),
        (CustomField("x", "X", "text", types=("Bug",)), "There is no issue type Bug."),
    ],
)
def test_a_definition_that_cannot_be_is_told_why(field, fault):
    assert any(fault in found for found in faults(field, types=("Task",)))


def test_a_field_is_required_by_type():
    field = CustomField("x", "X", "text", types=("Bug", "Task"), required=("Bug",))

    assert [f.slug for f in missing([field], issue_type="bug", values={})] == ["x"]
    assert missing([field], issue_type="Task", values={}) == []
    assert missing([field], issue_type="Story", values={}) == []
    assert missing([field], issue_type="Bug", values={"x": False}) == []
