"""Looking whether events come much faster than they did. Nothing is kept but what was told."""

from collections.abc import Callable, Iterable
from datetime import datetime

from errata.apps.issues import audience
from errata.apps.issues.audience import Group
from errata.apps.notices.listening import announce, audiences_of
from errata.apps.notices.telling import Telling, tell
from errata.apps.projects import queries as projects
from errata.apps.records import write
from errata.core.ids import ProjectId
from errata.core.notice import spike
from errata.core.notice.hearing import Heard, spiking
from errata.core.notice.kinds import kind_of
from errata.ports.event_store import EventStore, Scope

# Of a storm of many groups the loudest: what is spiking is among them, and the look stays a few milliseconds.
_GROUPS_MAX = 2_000


class Spikes:
    """Looks once a minute. Remembers which issues spike, so that each spike is told when it begins."""

    def __init__(self, events: Callable[[], EventStore]) -> None:
        self._events = events
        self._spiking: set[int] = set()

    def look(self, at: datetime) -> None:
        """Tell of the issues that have begun to spike."""
        recent = self._counts({ProjectId(number): None for number in projects.live_ids()}, at=at)
        loudest = sorted(recent, key=lambda key: recent[key], reverse=True)[:_GROUPS_MAX]
        groups = audience.groups_of(loudest)
        by_issue: dict[int, list[Group]] = {}
        for group in groups:
            by_issue.setdefault(group.issue_id, []).append(group)
        busy = {
            issue_id: own
            for issue_id, own in by_issue.items()
            if sum(recent[group.key] for group in own) >= spike.EVENTS_MIN
        }
        before = self._before(busy.values(), at=at)
        self._spiking &= set(busy)
        for issue_id, own in busy.items():
            now = sum(recent[group.key] for group in own)
            usual = sum(before.get(group.key, 0) for group in own)
            self._judge(issue_id, now, usual, own[0], at=at)

    def _judge(self, issue_id: int, recent: int, before: int, group: Group, *, at: datetime) -> None:
        age = at - group.issue_first_seen
        if issue_id in self._spiking:
            if spike.is_over(recent=recent, before=before, age=age):
                self._spiking.discard(issue_id)
        elif spike.is_spike(recent=recent, before=before, age=age):
            _tell(issue_id, spike.words(recent=recent, before=before, age=age), at=at)
            self._spiking.add(issue_id)

    def _counts(self, scope: dict[ProjectId, None], *, at: datetime) -> dict[tuple[ProjectId, int], int]:
        if not scope:
            return {}
        found = self._events().totals(Scope(scope, since=at - spike.RECENT, until=at))
        return {key: total.count for key, total in found.items()}

    def _before(self, busy: Iterable[list[Group]], *, at: datetime) -> dict[tuple[ProjectId, int], int]:
        scope: dict[ProjectId, list[int]] = {}
        for own in busy:
            for group in own:
                scope.setdefault(group.key[0], []).append(group.key[1])
        if not scope:
            return {}
        since = at - spike.RECENT - spike.BEFORE
        found = self._events().totals(Scope(scope, since=since, until=at - spike.RECENT))
        return {key: total.count for key, total in found.items()}


def _tell(issue_id: int, text: str, *, at: datetime) -> None:
    dedupe = f"spike:{issue_id}:{spike.block(at)}"
    with write():
        concerns = audience.concerns([issue_id])
        concern = concerns.get(issue_id)
        if concern is None:
            return
        by_reason: dict[Heard, list[int]] = {}
        for person, heard in spiking(audiences_of(concerns)[issue_id], text).items():
            by_reason.setdefault(heard, []).append(person)
        for heard, people in by_reason.items():
            telling = Telling(kind=kind_of("spike"), reason=heard.reason, text=text, dedupe=dedupe)
            tell(concern, telling, to=people, at=at)
        announce(concern, kind="spike", text=text, dedupe=dedupe, at=at)
