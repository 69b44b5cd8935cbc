"""When a message leaves: at once, or together with others after quiet hours, a throttle or a digest."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from errata.core.notice.preferences import Preferences, minutes

WINDOW = timedelta(hours=1)
# Attempts after a failure: soon for a blip, then ever rarer for two days, which outlasts a weekend's half and a
# receiver's deploy. The sum is what docs/reference/webhooks.md promises.
BACKOFF_S = (10, 60, 300, 1_800, 3_600, 3 * 3_600, 6 * 3_600, 12 * 3_600, 24 * 3_600)
_RETRY_AFTER_S_MAX = 3_600
# Answers that trying again doesn't change. 404 is none: receivers answer so while they are deployed anew.
_FINAL = frozenset({400, 401, 403, 405, 410, 413, 422})


class Plan(msgspec.Struct, frozen=True):
    """When, whether what waits beside it leaves in the same message, and why it waits."""

    due_at: datetime
    together: bool = False
    why: str = ""


def plan(
    wishes: Preferences,
    *,
    at: datetime,
    urgent: bool = False,
    of_issue: Sequence[datetime] = (),
    of_channel: Sequence[datetime] = (),
) -> Plan:
    """When a person's message leaves, given when the last hour's left about this issue and through this channel."""
    found = Plan(at)
    if not urgent:
        found = _digested(wishes, at)
        found = _throttled(found, of_issue, most=wishes.issue_hourly_max, why="throttled: many about this issue")
        found = _throttled(found, of_channel, most=wishes.channel_hourly_max, why="throttled: many on this channel")
    if urgent and wishes.urgent_wakes:
        return found
    until = quiet_until(wishes, found.due_at)
    return Plan(until, together=True, why="quiet hours") if until > found.due_at else found


def of_organization(*, at: datetime, hourly_max: int, of_channel: Sequence[datetime]) -> Plan:
    """When a message to a channel of the organisation leaves: only its throttle holds it."""
    return _throttled(Plan(at), of_channel, most=hourly_max, why="throttled: many on this channel")


def quiet_until(wishes: Preferences, at: datetime) -> datetime:
    """The end of the quiet hours that `at` lies in, by the wall clock of the person's zone; else `at` itself."""
    if not wishes.quiet_from or wishes.quiet_from == wishes.quiet_to:
        return at
    zone = ZoneInfo(wishes.zone)
    local = at.astimezone(zone)
    begin, end = minutes(wishes.quiet_from), minutes(wishes.quiet_to)
    now = local.hour * 60 + local.minute
    if begin < end:
        return _wall(local.date(), end, zone, at) if begin <= now < end else at
    if now >= begin:
        return _wall(local.date() + timedelta(days=1), end, zone, at)
    return _wall(local.date(), end, zone, at) if now < end else at


def backoff(attempts: int, *, retry_after_s: float | None = None) -> timedelta | None:
    """How long to wait after that many failed attempts; None to give up."""
    if attempts > len(BACKOFF_S):
        return None
    asked = min(retry_after_s or 0, _RETRY_AFTER_S_MAX)
    return timedelta(seconds=max(BACKOFF_S[attempts - 1], asked))


def is_taken(status: int) -> bool:
    """Whether a receiver has taken a message, by the status of its answer."""
    return 200 <= status < 300


def is_final(status: int) -> bool:
    """Whether asking again would get the same answer."""
    return status in _FINAL or 300 <= status < 400


def _digested(wishes: Preferences, at: datetime) -> Plan:
    if wishes.digest == "off":
        return Plan(at)
    if wishes.digest == "hourly":
        due = at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        return Plan(due, together=True, why="hourly digest")
    zone = ZoneInfo(wishes.zone)
    day = at.astimezone(zone).date()
    due = _wall(day, minutes(wishes.digest_at), zone)
    if due <= at:
        due = _wall(day + timedelta(days=1), minutes(wishes.digest_at), zone)
    return Plan(due, together=True, why="daily digest")


def _throttled(found: Plan, sent: Sequence[datetime], *, most: int, why: str) -> Plan:
    recent = sorted(moment for moment in sent if found.due_at - WINDOW < moment <= found.due_at)
    if len(recent) < most:
        return found
    # When the oldest of the last `most` leaves the window there is room for one, which carries all that waits.
    return Plan(recent[-most] + WINDOW, together=True, why=why)


def _wall(day: date, minute: int, zone: ZoneInfo, floor: datetime | None = None) -> datetime:
    """That minute of a local day, in UTC; never before `floor`, which a clock set back could make it."""
    local = datetime.combine(day, time(minute // 60, minute % 60), tzinfo=zone)
    found = local.astimezone(ZoneInfo("UTC"))
    return max(found, floor) if floor else found
