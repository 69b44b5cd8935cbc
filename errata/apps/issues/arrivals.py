"""What events do to issues: open them, count into them, send them back to Revise. Digest's side of the records.

Set-based: a batch costs the same dozen statements whether it touches one issue or two hundred.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F

from errata.apps.accounts.queries import system_actor
from errata.apps.audit import operations as audit
from errata.apps.audit.types import Deed
from errata.apps.issues.aftermath import apply_actions
from errata.apps.issues.changes import STANDING, plain
from errata.apps.issues.counts import next_seq, sketches_of, union_of_users
from errata.apps.issues.models import Activity, Grouping, GroupingExplanation, GroupingUsers, Issue
from errata.apps.issues.proving import FixedIn, fixes_of, spare
from errata.apps.issues.types import Applied, GroupDelta, IssueOpened, IssueRegressed
from errata.apps.issues.vocabulary import priority_rank, processes_of, severity_rank
from errata.apps.projects import operations as projects
from errata.apps.projects.queries import DigestProject, rows_for_digest
from errata.apps.records import storable
from errata.apps.workflows.types import Process
from errata.core import workflow
from errata.core.arrivals import arrive
from errata.core.release import predates
from errata.core.sketch import Users
from errata.core.vocabulary import OPEN_CATEGORIES
from errata.core.workflow import Transition, Workflow

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEAST_GREATEST = {"sqlite": ("MIN", "MAX"), "postgresql": ("LEAST", "GREATEST")}


class _Met(NamedTuple):
    """A group that was met before, and what the batch adds to it."""

    id: int
    issue_id: int
    shared: bool  # its issue has other groups too
    issue_open: bool
    delta: GroupDelta


class _Ended(NamedTuple):
    """An issue that was fixed or closed, and has events again."""

    id: int
    project_id: int
    number: int
    stage: str
    category: str
    reason: str
    assignee_id: int | None
    regressed: bool
    stage_changed_at: datetime


def apply_events(deltas: Sequence[GroupDelta], *, at: datetime) -> Applied:
    """Count a batch into its issues. Belongs in the digest's transaction, which makes it happen once."""
    places = rows_for_digest({delta.project_id for delta in deltas})
    known = [delta for delta in deltas if delta.project_id in places]
    if not known:
        return Applied(opened=[], regressed=[], touched=0, orphaned=len(deltas))
    met = _read(known)
    fingerprints = {(group.delta.project_id, group.delta.fingerprint) for group in met}
    fresh = [delta for delta in known if (delta.project_id, delta.fingerprint) not in fingerprints]
    seq = next_seq()
    _count(met, seq=seq)
    _count_users(met)
    regressed = _regress(met, places, at=at)
    opened = _open(fresh, places, seq=seq, at=at)
    projects.note_first_event([number for number, place in places.items() if place.first_event_at is None], at=at)
    return Applied(
        opened=opened,
        regressed=regressed,
        touched=len({group.issue_id for group in met}) + len(opened),
        orphaned=len(deltas) - len(known),
    )


def _read(deltas: Sequence[GroupDelta]) -> list[_Met]:
    """The groups among them that were met before."""
    wanted = {(delta.project_id, delta.fingerprint): delta for delta in deltas}
    rows = Grouping.objects.filter(
        project_id__in={delta.project_id for delta in deltas},
        fingerprint__in=[delta.fingerprint for delta in deltas],
    ).values_list("project_id", "fingerprint", "id", "issue_id", "issue__group_count", "issue__is_open")
    return [
        _Met(group_id, issue_id, shared=count > 1, issue_open=is_open, delta=delta)
        for project_id, fingerprint, group_id, issue_id, count, is_open in rows
        # Absent: the same fingerprint in another project of the batch.
        if (delta := wanted.get((project_id, fingerprint))) is not None
    ]


def _count(met: Sequence[_Met], *, seq: int) -> None:
    """Add to counts, stretch times. The database compares: reading 200 rows' times costs more than updating them."""
    _update_many(
        f"UPDATE issues_grouping SET {_ADDING} WHERE id = %s",  # noqa: S608 - a constant
        [(*_added(group.delta), group.id) for group in met],
    )
    _update_many(
        f"UPDATE issues_issue SET {_ADDING}, seq = %s WHERE id = %s",  # noqa: S608 - a constant
        [(*_added(group.delta), seq, group.issue_id) for group in met],
    )


_ADDING = """
    count = count + %s, unhandled = unhandled OR %s, first_seen = {least}(first_seen, %s),
    last_release = CASE WHEN last_seen <= %s THEN %s ELSE last_release END, last_seen = {greatest}(last_seen, %s)
"""


def _added(delta: GroupDelta) -> tuple[Any, ...]:
    first, last = _stored(_moment(delta.first_ms)), _stored(_moment(delta.last_ms))
    return delta.count, delta.unhandled, first, last, _short(delta.sample.release, 200), last


def _update_many(statement: str, rows: list[tuple[Any, ...]]) -> None:
    # Django's bulk_update builds one CASE of a thousand branches: 20 times slower than a prepared statement run often.
    if rows:
        names = _LEAST_GREATEST[connection.vendor]
        with connection.cursor() as cursor:
            cursor.executemany(statement.format(least=names[0], greatest=names[1]), rows)


def _count_users(met: Sequence[_Met]) -> None:
    """Put the batch's users into the sketches; write those that changed."""
    wanted = {group.id: group for group in met if group.delta.users}
    if not wanted:
        return
    rows = GroupingUsers.objects.filter(grouping_id__in=wanted).values_list("grouping_id", "sketch")
    known = {group_id: bytes(sketch) for group_id, sketch in rows}
    sketches = {
        group_id: _with_users(known.get(group_id, b""), group.delta.users) for group_id, group in wanted.items()
    }
    changed = {group_id: found for group_id, found in sketches.items() if found[0] != known.get(group_id)}
    GroupingUsers.objects.bulk_create(
        [GroupingUsers(grouping_id=group_id, sketch=sketch) for group_id, (sketch, _) in changed.items()],
        update_conflicts=True,
        unique_fields=["grouping"],
        update_fields=["sketch"],
    )
    _update_many(
        "UPDATE issues_grouping SET users = %s WHERE id = %s",
        [(estimate, group_id) for group_id, (_, estimate) in changed.items()],
    )
    of_issues = {wanted[group_id].issue_id: estimate for group_id, (_, estimate) in changed.items()}
    shared = {wanted[group_id].issue_id for group_id in changed if wanted[group_id].shared}
    # An issue of several groups counts a user once, whichever of them they met.
    of_issues |= {issue_id: union_of_users(own.values()) for issue_id, own in sketches_of(shared).items()}
    _update_many(
        "UPDATE issues_issue SET users = %s WHERE id = %s",
        [(estimate, issue_id) for issue_id, estimate in of_issues.items()],
    )


def _with_users(sketch: bytes, users: Iterable[str]) -> tuple[bytes, int]:
    found = Users.from_bytes(sketch)
    found.add_all(users)
    return found.to_bytes(), found.estimate()


def _regress(met: Sequence[_Met], places: dict[int, DigestProject], *, at: datetime) -> list[IssueRegressed]:
    newest = _newest([group for group in met if not group.issue_open])
    if not newest:
        return []
    rows = Issue.objects.filter(id__in=newest).values_list(*_Ended._fields)
    ended = _after_the_fix([_Ended(*row) for row in rows], newest, at=at)
    processes = processes_of({issue.project_id for issue in ended})
    moved = [
        (issue, move)
        for issue in ended
        if (move := _recurrence(issue, newest[issue.id], processes[issue.project_id].workflow)) is not None
    ]
    for issue, move in moved:
        Issue.objects.filter(id=issue.id).update(
            stage=move.to_stage,
            category=move.category,
            is_open=move.category in OPEN_CATEGORIES,
            stage_changed_at=at,
            reason=move.changes.get("reason", issue.reason) or "",
            regressed=move.changes.get("regressed", issue.regressed),
            regressed_at=at,
            updated_at=at,
            version=F("version") + 1,
        )
    Activity.objects.bulk_create(_recurred(issue, move, at) for issue, move in moved)
    _record(((places[issue.project_id], _regressed_deed(issue, move, places)) for issue, move in moved), at)
    _act(moved, places, at)
    return [_regressed(issue, newest[issue.id], places) for issue, _ in moved]


def _act(moved: Sequence[tuple[_Ended, Transition]], places: dict[int, DigestProject], at: datetime) -> None:
    """Do what the moves ask for beside moving. Hardly any does, so one by one will do."""
    for issue, move in moved:
        if move.actions:
            row = Issue.objects.select_related("project", "assignee", "deputy").get(id=issue.id)
            by = system_actor(places[issue.project_id].organization_id)
            apply_actions(row, move.actions, by=by, at=at)


def _newest(met: Sequence[_Met]) -> dict[int, GroupDelta]:
    """The newest events of each issue."""
    newest: dict[int, GroupDelta] = {}
    for group in sorted(met, key=lambda group: group.delta.last_ms):
        newest[group.issue_id] = group.delta
    return newest


def _after_the_fix(ended: list[_Ended], newest: dict[int, GroupDelta], *, at: datetime) -> list[_Ended]:
    """Those whose events may have had the fix. One of an older release counts, but is no regression: told once each."""
    fixes = fixes_of(newest)
    told: list[Activity] = []
    after: list[_Ended] = []
    for issue in ended:
        fix, delta = fixes.get(issue.id), newest[issue.id]
        releases = set(delta.releases) or {delta.sample.release}
        if fix is None or not all(predates(r, carriers=fix.carriers, without=fix.without) for r in releases):
            after.append(issue)
        elif fresh := sorted(releases - set(fix.spared)):
            spare(issue.id, [*fix.spared, *fresh])
            told.append(_spared(issue, delta, fresh, fix, at))
    Activity.objects.bulk_create(told)
    return after


def _spared(issue: _Ended, delta: GroupDelta, releases: list[str], fix: FixedIn, at: datetime) -> Activity:
    return Activity(
        issue_id=issue.id,
        kind="spared",
        actor_kind="system",
        actor_name="Errata",
        after={"stage": issue.stage},
        reason=f"{', '.join(releases)[:200]} is older than the fix in {fix.carriers[0]}: counted, not reopened.",
        evidence=plain({"event_id": delta.event_id, "releases": releases, "fixed_in": fix.carriers[:10]}),
        at=at,
    )


def _recurrence(issue: _Ended, delta: GroupDelta, moves: Workflow) -> Transition | None:
    """The move that a recurrence makes. An event from before the fix, late for whatever reason, is none."""
    if _moment(delta.last_ms) <= issue.stage_changed_at:
        return None
    state = workflow.IssueState(
        stage=issue.stage,
        assignee=str(issue.assignee_id) if issue.assignee_id else None,
        reason=issue.reason or None,
        regressed=issue.regressed,
    )
    evidence = {
        "event_id": delta.event_id,
        "release": delta.sample.release,
        "environment": delta.sample.environment,
        "at": _moment(delta.last_ms).isoformat(),
        "events": delta.count,
        "since": issue.stage_changed_at.isoformat(),
    }
    return workflow.regress(moves, state=state, evidence=evidence)


def _recurred(issue: _Ended, move: Transition, at: datetime) -> Activity:
    return Activity(
        issue_id=issue.id,
        kind="regressed",
        actor_kind="system",
        actor_name="Errata",
        before={name: getattr(issue, name) for name in STANDING},
        after={"stage": move.to_stage, "category": move.category, "reason": "", "regressed": True},
        reason="It happened again.",
        evidence=plain(move.evidence),
        at=at,
    )


def _regressed_deed(issue: _Ended, move: Transition, places: dict[int, DigestProject]) -> Deed:
    return Deed(
        action="issue.regressed",
        target=f"{places[issue.project_id].key}-{issue.number}",
        before={"stage": move.from_stage},
        after={"stage": move.to_stage, "evidence": move.evidence},
    )


def _regressed(issue: _Ended, delta: GroupDelta, places: dict[int, DigestProject]) -> IssueRegressed:
    return IssueRegressed(
        issue_id=issue.id,
        key=f"{places[issue.project_id].key}-{issue.number}",
        project_id=issue.project_id,
        fingerprint=delta.fingerprint,
        event_id=delta.event_id,
    )


def _open(
    fresh: Sequence[GroupDelta], places: dict[int, DigestProject], *, seq: int, at: datetime
) -> list[IssueOpened]:
    if not fresh:
        return []
    numbers = _numbers(fresh)
    sketches = [_with_users(b"", delta.users) for delta in fresh]
    processes = processes_of({delta.project_id for delta in fresh})
    issues = Issue.objects.bulk_create(
        _new_issue(
            delta, places[delta.project_id], processes[delta.project_id], number=number, users=users, seq=seq, at=at
        )
        for delta, number, (_, users) in zip(fresh, numbers, sketches, strict=True)
    )
    groups = Grouping.objects.bulk_create(_new_group(delta, issue) for delta, issue in zip(fresh, issues, strict=True))
    GroupingUsers.objects.bulk_create(
        GroupingUsers(grouping_id=group.id, sketch=sketch)
        for group, delta, (sketch, _) in zip(groups, fresh, sketches, strict=True)
        if delta.users
    )
    GroupingExplanation.objects.bulk_create(
        GroupingExplanation(grouping_id=group.id, body=delta.explain().decode())
        for group, delta in zip(groups, fresh, strict=True)
    )
    Activity.objects.bulk_create(_opened_activity(issue, delta, at) for issue, delta in zip(issues, fresh, strict=True))
    _record(((places[issue.project_id], _opened_deed(issue, places)) for issue in issues), at)
    return [
        IssueOpened(
            issue_id=issue.id,
            key=f"{places[issue.project_id].key}-{issue.number}",
            project_id=issue.project_id,
            fingerprint=delta.fingerprint,
        )
        for issue, delta in zip(issues, fresh, strict=True)
    ]


def _numbers(fresh: Sequence[GroupDelta]) -> Iterator[int]:
    """A number for each, in order, counted up per project."""
    wanted: dict[int, int] = {}
    for delta in fresh:
        wanted[delta.project_id] = wanted.get(delta.project_id, 0) + 1
    following = projects.next_issue_numbers(wanted)
    for delta in fresh:
        yield following[delta.project_id]
        following[delta.project_id] += 1


def _new_issue(
    delta: GroupDelta,
    place: DigestProject,
    process: Process,
    *,
    number: int,
    users: int,
    seq: int,
    at: datetime,
) -> Issue:
    facts = delta.sample
    kind = arrive(process.arrivals, level=facts.level, event_type=facts.type, types=process.types)
    stage = process.workflow.initial
    return Issue(
        organization_id=place.organization_id,
        project_id=delta.project_id,
        number=number,
        title=_short(facts.title, 256),
        culprit=_short(facts.culprit, 200),
        description="",
        type=kind.type,
        priority=kind.priority,
        severity=kind.severity,
        priority_rank=priority_rank(kind.priority),
        severity_rank=severity_rank(kind.severity),
        stage=stage.name,
        category=stage.category,
        is_open=stage.category in OPEN_CATEGORIES,
        stage_changed_at=at,
        reason="",
        level=_short(facts.level, 10),
        platform=_short(facts.platform, 40),
        source="event",
        first_seen=_moment(delta.first_ms),
        last_seen=_moment(delta.last_ms),
        count=delta.count,
        users=users,
        group_count=1,
        unhandled=delta.unhandled,
        regressed=False,
        first_release=_short(delta.first_release, 200),
        last_release=_short(facts.release, 200),
        comment_count=0,
        created_at=at,
        updated_at=at,
        version=1,
        seq=seq,
    )


def _new_group(delta: GroupDelta, issue: Issue) -> Grouping:
    return Grouping(
        project_id=delta.project_id,
        fingerprint=delta.fingerprint,
        issue_id=issue.id,
        title=issue.title,
        culprit=issue.culprit,
        level=issue.level,
        count=delta.count,
        users=issue.users,
        unhandled=delta.unhandled,
        first_seen=issue.first_seen,
        last_seen=issue.last_seen,
        first_release=issue.first_release,
        last_release=issue.last_release,
    )


def _opened_activity(issue: Issue, delta: GroupDelta, at: datetime) -> Activity:
    return Activity(
        issue_id=issue.id,
        kind="created",
        actor_kind="system",
        actor_name="Errata",
        after={name: getattr(issue, name) for name in ("stage", "category", "type", "priority", "severity")},
        reason="Its first event came.",
        evidence=plain(
            {"event_id": delta.event_id, "release": delta.first_release, "environment": delta.sample.environment}
        ),
        at=at,
    )


def _opened_deed(issue: Issue, places: dict[int, DigestProject]) -> Deed:
    target = f"{places[issue.project_id].key}-{issue.number}"
    return Deed(action="issue.created", target=target, after={"title": issue.title, "source": "event"})


def _record(deeds: Iterable[tuple[DigestProject, Deed]], at: datetime) -> None:
    by_organization: dict[int, list[Deed]] = {}
    for place, deed in deeds:
        by_organization.setdefault(place.organization_id, []).append(deed)
    for organization_id, own in by_organization.items():
        audit.record_all(own, by=system_actor(organization_id), at=at)


def _moment(ms: int) -> datetime:
    # datetime.fromtimestamp(ms / 1000) rounds; a microsecond off would make an event older than itself.
    return _EPOCH + timedelta(milliseconds=ms)


def _short(text: str, chars: int) -> str:
    return storable(text)[:chars]


def _stored(moment: datetime) -> Any:
    """As Django stores it; its own way to there takes ten times as long."""
    return moment if connection.vendor == "postgresql" else str(moment.replace(tzinfo=None))
