"""What a person wants to hear, where, and when."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from errata.core.errors import Refusal
from errata.core.notice.kinds import EMAIL, KINDS, Kind
from errata.core.numeral import whole_number

Digest = Literal["off", "hourly", "daily"]
# More mails than this about one issue within an hour are one mail: what a person still reads one by one.
ISSUE_HOURLY_MAX = 6
CHANNEL_HOURLY_MAX = 30
_MAX = 1_000


class PreferencesRefused(Refusal):
    """A preference that can't be kept."""

    code = "preferences_refused"
    status = 422


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """All of one person's wishes. `places` holds, for each kind, only what differs from its default."""

    places: Mapping[str, tuple[str, ...]] = {}  # kind → "inbox", "email", "channel:7"
    zone: str = "UTC"
    quiet_from: str = ""  # "22:00"; empty is no quiet hours
    quiet_to: str = ""
    urgent_wakes: bool = True  # what is urgent is told in quiet hours too
    digest: Digest = "off"
    digest_at: str = "09:00"  # of a daily digest
    issue_hourly_max: int = ISSUE_HOURLY_MAX
    channel_hourly_max: int = CHANNEL_HOURLY_MAX
    mail_off: bool = False  # by the link in a mail


DEFAULT = Preferences()


def places_of(wishes: Preferences, kind: Kind) -> tuple[str, ...]:
    """Where a person hears of a kind."""
    chosen = wishes.places.get(kind.slug)
    found = default_places(kind) if chosen is None else chosen
    return tuple(place for place in found if not (wishes.mail_off and place == EMAIL))


def default_places(kind: Kind) -> tuple[str, ...]:
    """Where a kind is told when nobody has said anything."""
    return ("inbox", EMAIL) if kind.mailed else ("inbox",)


def checked(wishes: Preferences, *, zones: frozenset[str], channels: frozenset[str]) -> Preferences:
    """The same, without what is like the default. Raises PreferencesRefused in words for the person."""
    if wishes.zone not in zones:
        raise PreferencesRefused(f"There is no time zone “{wishes.zone}”. Pick one of the list.", field="zone")
    if bool(wishes.quiet_from) != bool(wishes.quiet_to):
        raise PreferencesRefused("Quiet hours need a beginning and an end.", field="quiet_from")
    for field in ("quiet_from", "quiet_to", "digest_at"):
        if text := getattr(wishes, field):
            minutes(text, field=field)
    for field in ("issue_hourly_max", "channel_hourly_max"):
        if not 1 <= getattr(wishes, field) <= _MAX:
            raise PreferencesRefused(f"Between 1 and {_MAX:,} messages an hour.", field=field)
    known = {"inbox", EMAIL} | channels
    places = {
        kind.slug: tuple(sorted(set(wishes.places[kind.slug]) & known))
        for kind in KINDS.values()
        if kind.slug in wishes.places
    }
    differing = {slug: own for slug, own in places.items() if own != tuple(sorted(default_places(KINDS[slug])))}
    return msgspec.structs.replace(wishes, places=differing)


def minutes(text: str, *, field: str = "") -> int:
    """The minute of the day that “22:30” is."""
    before, _, after = text.partition(":")
    hours, rest = (whole_number(part, digits_max=2) for part in (before, after))
    if hours is not None and rest is not None and len(after) == 2 and hours < 24 and rest < 60:
        return hours * 60 + rest
    raise PreferencesRefused(f"“{text}” is no time of day. Write it like 22:30.", field=field)
