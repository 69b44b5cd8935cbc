"""Business calendars: what they say, who may change them, and what stays of what they said."""

from datetime import date, timedelta

import pytest

from errata.apps.accounts.permissions import Forbidden
from errata.apps.audit import queries as audit
from errata.apps.calendars import operations, queries
from errata.apps.calendars.holidays import CountryUnknown
from errata.core.sla import Day, Span, parse_week
from tests.conftest import NOW

OFFICE = parse_week(["Mon-Fri 09:00-17:00"])


def draft(**others):
    return operations.draft_definition(**{"zone": "Europe/Berlin", "week": OFFICE, "at": NOW} | others)


def create(by, name="Office", **others):
    definition = draft(**others.pop("draft", {}))
    return operations.create_calendar(name=name, definition=definition, by=by, at=NOW, **others)


def test_holidays_of_a_region_are_kept_as_dates(alice):
    found = create(alice, draft={"country": "de", "region": "BY"})

    names = {day.date: day.name for day in found.definition.holidays}
    assert names[date(2026, 1, 6)] == "Epiphany"
    assert names[date(2028, 10, 3)] == "German Unity Day"
    assert found.definition.country == "DE"


def test_a_day_of_ones_own_goes_before_a_holiday(alice):
    found = create(
        alice, draft={"country": "DE", "days": [Day(date(2026, 12, 25), "We are here", "half", (Span(0, 60),))]}
    )

    first = next(day for day in found.definition.calendar("x").days if day.date == date(2026, 12, 25))
    assert first.name == "We are here"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"country": "XX"}, "country"), ({"country": "DE", "region": "Nowhere"}, "region"), ({"zone": "Mars"}, "zone")],
)
def test_what_nobody_knows_is_refused_at_its_field(wrong, field):
    with pytest.raises((operations.CalendarRefused, CountryUnknown)) as refused:
        draft(**wrong)

    assert refused.value.data["field"] == field


def test_hours_that_overlap_are_refused():
    with pytest.raises(operations.CalendarRefused, match="overlap"):
        draft(week=((Span(0, 100), Span(50, 200)), *OFFICE[1:]))


def test_members_look_and_admins_change(alice, bob, carol):
    create(alice)

    assert [one.slug for one in queries.list_calendars(actor=carol)] == ["office"]
    with pytest.raises(Forbidden):
        operations.change_calendar(slug="office", name="Mine", by=bob, at=NOW)


def test_another_organisation_has_its_own(alice, mallory):
    create(alice)

    assert queries.list_calendars(actor=mallory) == []
    with pytest.raises(queries.CalendarNotFound):
        operations.delete_calendar(slug="office", by=mallory, at=NOW)
    assert create(mallory).slug == "office"


def test_every_version_is_kept_and_audited(alice, olga):
    create(alice)
    operations.change_calendar(
        slug="office", definition=draft(zone="UTC"), from_now=True, by=alice, at=NOW + timedelta(days=1)
    )

    versions = queries.list_versions(actor=alice, slug="office")
    assert [(one.number, one.definition.zone) for one in versions] == [(2, "UTC"), (1, "Europe/Berlin")]
    assert [entry.action for entry in audit.list_entries(actor=olga, action="calendar.").items] == [
        "calendar.changed", "calendar.created",
    ]  # fmt: skip


def test_saving_the_same_again_is_no_new_version(alice):
    create(alice)

    assert operations.change_calendar(slug="office", definition=draft(), by=alice, at=NOW).version == 1


def test_a_correction_holds_for_the_past_and_a_change_from_now_on_does_not(alice):
    create(alice, is_default=True)
    later = NOW + timedelta(days=1)
    operations.change_calendar(slug="office", definition=draft(zone="UTC"), from_now=True, by=alice, at=later)

    versions = queries.calendars_in_force([alice.organization_id])[alice.organization_id]
    assert [(one.calendar.zone, one.since) for one in versions["office"]] == [("Europe/Berlin", None), ("UTC", later)]
    assert versions[""] == versions["office"]

    operations.change_calendar(slug="office", definition=draft(zone="Asia/Kolkata"), by=alice, at=later)
    versions = queries.calendars_in_force([alice.organization_id])[alice.organization_id]
    assert [one.calendar.zone for one in versions["office"]] == ["Asia/Kolkata"]


def test_one_calendar_is_the_default_and_without_one_it_is_around_the_clock(alice):
    create(alice, is_default=True)
    create(alice, "Night", is_default=True)

    assert {one.name: one.is_default for one in queries.list_calendars(actor=alice)} == {"Night": True, "Office": False}

    operations.delete_calendar(slug="night", by=alice, at=NOW)
    left = queries.calendars_in_force([alice.organization_id])[alice.organization_id]
    assert left[""][0].calendar.name == "Around the clock"


def test_a_calendar_that_is_never_open_is_refused(alice):
    with pytest.raises(operations.CalendarRefused, match="never open"):
        draft(week=parse_week([]))
