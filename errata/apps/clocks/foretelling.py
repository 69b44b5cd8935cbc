"""How likely a clock runs out, and what could be promised: learnt once a day from how a project's issues went."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from django.db.models import Count

from errata.apps.clocks.grounds import grounds_of
from errata.apps.clocks.histories import KINDS, history_of
from errata.apps.clocks.models import Clock, Learnt
from errata.apps.clocks.types import Advised, Probability
from errata.apps.issues import queries as issue_queries
from errata.apps.issues.types import Life
from errata.apps.projects.queries import live_teams
from errata.apps.records import write
from errata.apps.workflows.queries import workflow_of
from errata.core.sla import Reading
from errata.core.sla.advisor import Advice, Duration, advise
from errata.core.sla.survival import CLOSED_MIN, LANDMARKS, Model, Reason, Sample, fit, landmark_of, predict
from errata.core.sla.trials import Trial, trial_of
from errata.core.vocabulary import PRIORITIES, SEVERITIES

_AGAIN = timedelta(days=1)
# The newest issues: what a team did two years ago says little, and a thousand are learnt in less than a second.
_ISSUES_MAX = 1_000
_MINUTE = timedelta(minutes=1)
_NO_TELLING = Probability(reasons=("Only the time to resolve is foretold",))


class _Lesson(msgspec.Struct, frozen=True):
    life: Life
    trial: Trial


def learn_due(*, at: datetime) -> bool:
    """Learn anew from one project whose lessons are a day old. Return whether there may be more."""
    project_id = _due(at)
    if project_id is None:
        return False
    lessons = _lessons(project_id, at=at)
    model = _model(lessons)
    advice = [msgspec.to_builtins(one) for one in _advice(lessons)]
    fields = {
        "model": None if model is None else msgspec.to_builtins(model),
        "advice": advice,
        "issues": sum(lesson.trial.resolved for lesson in lessons),
        "at": at,
    }
    with write():
        Learnt.objects.update_or_create(project_id=project_id, defaults=fields)
    return True


def models_of(project_ids: Collection[int]) -> dict[int, Model]:
    """What was learnt of these projects, where it was enough."""
    rows = Learnt.objects.filter(project_id__in=project_ids, model__isnull=False)
    return {number: msgspec.convert(model, Model) for number, model in rows.values_list("project_id", "model")}


def learnt_among(project_ids: Collection[int]) -> list[int]:
    """Those of these projects of which enough was learnt to tell probabilities."""
    rows = Learnt.objects.filter(project_id__in=project_ids, model__isnull=False)
    return list(rows.order_by("project_id").values_list("project_id", flat=True))


def advice_of(project_id: int) -> list[Advised]:
    """What could be promised in a project, the most critical issues first; empty until something was learnt."""
    rows = Learnt.objects.filter(project_id=project_id).values_list("advice", flat=True)
    return msgspec.convert(rows.first() or [], list[Advised])


def probability(reading: Reading, life: Life, model: Model | None) -> Probability:
    """The probability that a clock breaches, with what speaks for it; none where the history is too short."""
    if reading.kind != "resolution":
        return _NO_TELLING
    if model is None:
        return Probability()
    elapsed, target = reading.elapsed / _MINUTE, reading.target / _MINUTE
    factors = _factors(life, stage=life.stage, priority=life.priority, severity=life.severity, held=life.assignee_id)
    landmark = landmark_of(elapsed=elapsed, target=target)
    told = predict(model, elapsed=elapsed, target=target, factors=factors | {"landmark": landmark})
    learnt_from = f"Learnt from {told.issues:,} resolved issues"
    return Probability(value=told.probability, reasons=(*map(_words, told.reasons), learnt_from))


def _due(at: datetime) -> int | None:
    """A project with enough to learn from, of which nothing was learnt today."""
    ended = Clock.objects.filter(kind="resolution", stopped_at__isnull=False).order_by()
    counts = dict(ended.values_list("project_id").annotate(Count("pk")))
    fresh = set(Learnt.objects.filter(at__gt=at - _AGAIN).values_list("project_id", flat=True))
    due = (number for number in sorted(live_teams()) if counts.get(number, 0) >= CLOSED_MIN and number not in fresh)
    return next(due, None)


def _lessons(project_id: int, *, at: datetime) -> list[_Lesson]:
    newest = Clock.objects.filter(project_id=project_id, kind="resolution").order_by("-started_at", "-issue_id")
    ids = list(newest.values_list("issue_id", flat=True)[:_ISSUES_MAX])
    grounds, workflow = grounds_of([project_id])[project_id], workflow_of(project_id)
    found: list[_Lesson] = []
    for life in issue_queries.lives(ids, kinds=KINDS):
        if life.merged:
            continue
        trial = trial_of(
            history_of(life, workflow),
            policies=grounds.policies, calendars=grounds.calendars, now=at, shares=LANDMARKS,
        )  # fmt: skip
        if trial is not None:
            found.append(_Lesson(life, trial))
    return found


def _model(lessons: Sequence[_Lesson]) -> Model | None:
    samples = [sample for lesson in lessons for sample in _samples(lesson)]
    return fit(samples, issues=sum(lesson.trial.resolved for lesson in lessons))


def _samples(lesson: _Lesson) -> Iterable[Sample]:
    life, trial = lesson.life, lesson.trial
    for sight in trial.sights:
        held = _held(life, sight.at)
        factors = _factors(life, stage=sight.stage, priority=sight.priority, severity=sight.severity, held=held)
        yield Sample(
            entry=sight.share * trial.target,
            exit=trial.took,
            resolved=trial.resolved,
            target=trial.target,
            factors=factors | {"landmark": f"{sight.share:.0%}"},
        )


def _factors(life: Life, *, stage: str, priority: str, severity: str, held: object) -> dict[str, str]:
    return {
        "type": life.type, "stage": stage, "priority": f"{priority} priority", "severity": severity,
        "holder": "Assigned to somebody" if held else "Assigned to nobody",
    }  # fmt: skip


def _held(life: Life, at: datetime) -> object:
    """Who held an issue at a moment, if anybody did."""
    deeds = [deed for deed in life.deeds if deed.kind == "assignee"]
    before = [deed for deed in deeds if deed.at <= at]
    if before:
        return before[-1].after.get("assignee")
    return deeds[0].before.get("assignee") if deeds else life.assignee_id


def _words(reason: Reason) -> str:
    if reason.ratio > 1:
        return f"{reason.value}: resolved {reason.ratio:.1f} times as fast"
    return f"{reason.value}: takes {1 / reason.ratio:.1f} times as long"


def _advice(lessons: Sequence[_Lesson]) -> list[Advised]:
    groups: dict[tuple[str, str], list[Trial]] = {}
    for lesson in lessons:
        groups.setdefault((lesson.trial.priority, lesson.trial.severity), []).append(lesson.trial)
    return [
        Advised(priority=priority, severity=severity, advice=_advised(groups[priority, severity]))
        for severity in reversed(SEVERITIES)
        for priority in reversed(PRIORITIES)
        if (priority, severity) in groups
    ]


def _advised(trials: Sequence[Trial]) -> Advice:
    # What is promised now is what the newest of them was promised.
    return advise((Duration(trial.took, trial.resolved) for trial in trials), promised=trials[-1].target)
