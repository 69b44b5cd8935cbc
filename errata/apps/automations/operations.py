"""Writes of rules."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.audit import operations as audit
from errata.apps.automations.deciding import USERS
from errata.apps.automations.live import follow, look
from errata.apps.automations.models import Automation, Run
from errata.apps.automations.types import AutomationView, Mode
from errata.apps.automations.views import automation_view, by_name
from errata.apps.issues import operations as issues
from errata.apps.issues.vocabulary import catalog_of
from errata.apps.projects import queries as projects
from errata.apps.records import storable, together, write
from errata.core.automation import parse, spell
from errata.core.errors import Refusal

__all__ = [
    "create_automation",
    "delete_automation",
    "follow",
    "forget_idle_runs",
    "look",
    "set_mode",
    "undo_run",
    "update_automation",
]

NAME_CHARS_MAX = 80
# Each is asked about every change: two hundred are some milliseconds a batch.
AUTOMATIONS_MAX = 200
_SLICE = 500
MODES: tuple[Mode, ...] = ("on", "dry", "off")


class AutomationRefused(Refusal):
    """A name, a mode or a number of rules that can't be."""

    code = "automation_refused"
    status = 422


class NothingToUndo(Refusal):
    """A run that changed nothing, or nothing that can still be taken back."""

    code = "nothing_to_undo"
    status = 409


class RunNotFound(Refusal):
    """No such run of a rule here."""

    code = "run_not_found"
    status = 404


def create_automation(
    *, name: str, text: str, by: Actor, at: datetime, project: str = "", mode: Mode = "dry"
) -> AutomationView:
    """Write a rule down. It begins dry: it tells what it would do, until somebody switches it on."""
    allow(by, "project:admin")
    tidy = _name(name)
    _mode(mode)
    rule = parse(text, catalog=catalog_of(by.organization_id))
    place = projects.project(actor=by, which=project).id if project else None
    with write():
        own = Automation.objects.filter(organization_id=by.organization_id)
        if own.count() >= AUTOMATIONS_MAX:
            raise AutomationRefused(f"An organisation has {AUTOMATIONS_MAX} rules at most. Delete one that rests.")
        _refuse_taken(own, tidy)
        row = Automation.objects.create(
            organization_id=by.organization_id, project_id=place, name=tidy, text=spell(rule), mode=mode, since=at,
            created_by_id=by.user_id, created_at=at, updated_at=at,
        )  # fmt: skip
        audit.record(by=by, action="rule.created", target=tidy, at=at, after={"text": row.text, "mode": mode})
        return automation_view(row)


def update_automation(
    *, which: str, by: Actor, at: datetime, name: str | None = None, text: str | None = None,
    project: str | None = None,
) -> AutomationView:  # fmt: skip
    """Change what is given. A rule whose text changes means what happens from now on."""
    allow(by, "project:admin")
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = _name(name)
    if text is not None:
        values |= {"text": spell(parse(text, catalog=catalog_of(by.organization_id))), "since": at, "looked_at": None}
    if project is not None:
        values["project_id"] = projects.project(actor=by, which=project).id if project else None
    with write():
        row = by_name(by, which)
        before = {key: getattr(row, key) for key in values if key not in ("since", "looked_at")}
        if "name" in values:
            _refuse_taken(
                Automation.objects.filter(organization_id=by.organization_id).exclude(id=row.id), values["name"]
            )
        Automation.objects.filter(id=row.id).update(**values, updated_at=at, version=row.version + 1)
        after = {key: values[key] for key in before}
        audit.record(by=by, action="rule.changed", target=row.name, at=at, before=before, after=after)
        row.refresh_from_db()
        return automation_view(row)


def set_mode(*, which: str, mode: Mode, by: Actor, at: datetime) -> AutomationView:
    """Switch a rule on, off, or to telling only. It means what happens from now on."""
    allow(by, "project:admin")
    _mode(mode)
    with write():
        row = by_name(by, which)
        before = row.mode
        if before != mode:
            Automation.objects.filter(id=row.id).update(mode=mode, since=at, looked_at=None, updated_at=at)
            audit.record(
                by=by, action="rule.switched", target=row.name, at=at, before={"mode": before}, after={"mode": mode}
            )
            row.refresh_from_db()
        return automation_view(row)


def delete_automation(*, which: str, by: Actor, at: datetime) -> None:
    """Delete a rule with the log of its runs. What it did stays done."""
    allow(by, "project:admin")
    with write():
        row = by_name(by, which)
        audit.record(by=by, action="rule.deleted", target=row.name, at=at, before={"text": row.text, "mode": row.mode})
        row.delete()


def undo_run(*, run_id: int, by: Actor, at: datetime) -> int:
    """Take back what a run changed, newest first. Return how much; what was changed again since stays."""
    allow(by, "issue:write")
    with together():
        run = Run.objects.filter(id=run_id, automation__organization_id=by.organization_id).first()
        if run is None:
            raise RunNotFound(f"There is no run {run_id}.", run=run_id)
        if run.undone_at is not None:
            raise NothingToUndo("It was taken back already.", run=run_id)
        undone = sum(_undone(one, by=by, at=at) for one in run.did[::-1])
        if not undone:
            words = "it did nothing" if run.outcome != "did" else "what it did was changed again since, or was to tell"
            raise NothingToUndo(f"There is nothing to take back: {words}.", run=run_id)
        Run.objects.filter(id=run.id).update(undone_at=at)
        return undone


def _undone(one: Mapping[str, Any], *, by: Actor, at: datetime) -> int:
    """Take back what an action of a run did, as far as it still can be, and count it."""
    deeds: list[Callable[[], object]] = [
        partial(issues.undo, activity_id=number, by=by, at=at) for number in one["activities"][::-1]
    ]
    # Runs from before comments were kept with them have none.
    deeds += [partial(issues.retract_comment, comment_id=number, by=by, at=at) for number in one.get("comments", ())]
    undone = 0
    for deed in deeds:
        try:
            deed()
        except Refusal:
            continue
        undone += 1
    return undone


def forget_idle_runs(*, before: datetime) -> bool:
    """Remove a slice of the runs that did nothing, dry or held back by a limit. Return whether there is more.

    `before` must lie further back than anything that asks the log: limits of a week, a look back of a day. A rule that
    goes by users fires for an issue once in all, and knows it by the run alone: that one stays.
    """
    idle = Run.objects.filter(outcome__in=("limited", "dry"), at__lt=before).exclude(cause=USERS)
    ids = list(idle.order_by("at").values_list("id", flat=True)[:_SLICE])
    if ids:
        with write():
            Run.objects.filter(id__in=ids).delete()
    return len(ids) == _SLICE


def _name(name: str) -> str:
    tidy = " ".join(storable(name).split())
    if not tidy or len(tidy) > NAME_CHARS_MAX:
        raise AutomationRefused(f"A rule has a name, of {NAME_CHARS_MAX} characters at most.")
    return tidy


def _mode(mode: str) -> None:
    if mode not in MODES:
        raise AutomationRefused(f"A rule is on, dry or off, not “{mode}”.", modes=list(MODES))


def _refuse_taken(others: Any, name: str) -> None:
    if others.filter(name__iexact=name).exists():
        raise AutomationRefused(f"There is a rule “{name}” already. Give this one another name.", name=name)
