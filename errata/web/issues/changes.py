"""Changing a field of one issue or of many: what to choose from, the change, and its undo."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from errata.apps.accounts import queries as accounts
from errata.apps.accounts.types import Person
from errata.apps.issues import families, operations, queries
from errata.apps.issues.types import Changed, IssueRow
from errata.apps.workflows.queries import processes_of
from errata.core import vocabulary, workflow
from errata.core.errors import Refusal
from errata.core.numeral import whole_number
from errata.core.workflow.rules import FIELD
from errata.web.answers import Toast, fragment, go
from errata.web.issues.stream import row_pieces
from errata.web.requests import ActorRequest
from errata.web.templatetags.ui import kind_icon, stage_shape

_KEYS_MAX = 500
# Keys of a header: servers in front take some kilobytes of them.
_TOLD_MAX = 200
# Pages that have no rows to be put in place: they renew what they show by themselves.
_OTHER_PAGES = ("issue", "board", "agenda")
_HEADINGS = {
    "assignee": "Assign to…",
    "deputy": "Deputy…",
    "stage": "Move to",
    "priority": "Priority",
    "severity": "Severity",
    "type": "Type",
    "labels": "Labels…",
}


class FieldUnknown(Refusal):
    """Only the fields of the picker can be changed here."""

    code = "field_unknown"
    status = 400


class Option(msgspec.Struct, frozen=True):
    value: str
    name: str
    icon: str = ""
    classes: str = "icon"
    person: Person | None = None
    hue: int = 0
    hint: str = ""
    detail: str = ""
    why_not: str = ""
    needs: str = ""  # the sentence that asks for what the move still needs
    then: str = ""  # the field to choose first, in a picker of its own
    asks_reason: bool = False
    current: bool = False
    ends: bool = False  # a stage in which an issue is finished


def pick(request: ActorRequest, field: str) -> HttpResponse:
    """What a field of these issues can be set to."""
    if field not in _HEADINGS:
        raise FieldUnknown(f"“{field}” is not a field that can be chosen from a list.", field=field)
    rows = queries.issues_by_keys(actor=request.actor, keys=request.GET.getlist("key")[:_KEYS_MAX])
    context = {
        "field": field,
        "keys": [row.key for row in rows],
        "heading": _HEADINGS[field],
        "options": _OPTIONS[field](request, rows),
        "searchable": field in ("assignee", "deputy", "labels"),
        "creatable": field == "labels",
        "reasons": _reasons(request, rows) if field == "stage" else (),
    }
    return render(request, "issues/pick.html", context)


@require_POST
def change(request: ActorRequest) -> HttpResponse:
    """Set a field of some issues; answer with what changed on the page, and how to take it back."""
    keys = request.POST.getlist("key")[:_KEYS_MAX]
    field = request.POST.get("field", "")
    apply = _valued(field) if field.startswith(FIELD) else _CHANGES.get(field)
    if apply is None:
        raise FieldUnknown(f"“{field}” is not a field that can be changed here.", field=field)
    changed: list[Changed] = []
    refusals: list[Refusal] = []
    for key in keys:
        try:
            changed.append(apply(request, key, request.POST.get("value", "")))
        except Refusal as refusal:
            refusals.append(refusal)
    if request.POST.get("quiet"):
        return _told(changed, refusals)
    if refusals and not changed:
        raise refusals[0]
    undo = tuple(activity for one in changed for activity in one.activities)
    text = _sentence(field, [one.key for one in changed], refusals) if undo or refusals else _unchanged(changed)
    toast = Toast(text=text, undo=undo)
    return _answer(request, [one.key for one in changed], toast)


def _told(changed: Sequence[Changed], refusals: Sequence[Refusal]) -> JsonResponse:
    """A slice of a large selection: the page adds them up, and tells of the whole."""
    return JsonResponse(
        {
            "changed": [one.key for one in changed],
            "activities": [activity for one in changed for activity in one.activities],
            "refused": len(refusals),
            "why": refusals[0].message if refusals else "",
        }
    )


@require_POST
def undo(request: ActorRequest) -> HttpResponse:
    """Take changes back, the newest first."""
    ids = sorted(set(filter(None, map(whole_number, request.POST.getlist("activity")))), reverse=True)
    if request.POST.get("quiet"):
        return _told(*_taken_back(request, ids[:_KEYS_MAX]))
    keys = [operations.undo(activity_id=activity, by=request.actor, at=request.now).key for activity in ids[:_KEYS_MAX]]
    toast = Toast(text="Taken back." if keys else "There was nothing to take back.")
    return _answer(request, list(dict.fromkeys(keys)), toast)


def _taken_back(request: ActorRequest, ids: Sequence[int]) -> tuple[list[Changed], list[Refusal]]:
    """Of many, those that can still be taken back."""
    done: list[Changed] = []
    refusals: list[Refusal] = []
    for activity in ids:
        try:
            done.append(operations.undo(activity_id=activity, by=request.actor, at=request.now))
        except Refusal as refusal:
            refusals.append(refusal)
    return done, refusals


def _answer(request: ActorRequest, keys: Sequence[str], toast: Toast) -> HttpResponse:
    if not request.htmx:
        return go(request, request.headers.get("Referer") or reverse("issues"), toast=toast)
    rows = queries.issues_by_keys(actor=request.actor, keys=keys)
    warned = families.warning(actor=request.actor, rows=rows)
    toast = msgspec.structs.replace(toast, text=f"{toast.text} {warned}".strip())
    address = QueryDict(request.POST.get("query", "").lstrip("?"))
    pieces = row_pieces(request, rows, address) if request.POST.get("from") not in _OTHER_PAGES else []
    # The issue page renews its own panels: it knows which of them somebody is typing in.
    response = fragment(request, pieces, toast=toast)
    response.headers["HX-Trigger"] = "errata:changed"
    response.headers["X-Changed"] = ",".join(keys[:_TOLD_MAX])
    return response


def _sentence(field: str, keys: Sequence[str], refusals: Sequence[Refusal]) -> str:
    if field.startswith(FIELD):
        field = field.removeprefix(FIELD).replace("_", " ")
    what = {"assignee": "Assigned", "stage": "Moved", "labels": "Labelled"}.get(field, f"{field.capitalize()} set:")
    those = keys[0] if len(keys) == 1 else f"{len(keys)} issues"
    refused = f" {len(refusals)} could not: {refusals[0].message}" if refusals else ""
    return f"{what} {those}.{refused}"


def _unchanged(those: Sequence[Changed]) -> str:
    return f"Nothing changed: {'it was' if len(those) == 1 else f'all {len(those)} were'} like that already."


def _people(request: ActorRequest, rows: Sequence[IssueRow]) -> list[Option]:
    now = {row.assignee.id if row.assignee else None for row in rows}
    people = [person for person in accounts.list_people(actor=request.actor) if person.active]
    mine = sorted(people, key=lambda person: (person.id != request.actor.user_id, person.name.casefold()))
    options = [
        Option(
            value=person.email,
            name=person.name or person.email,
            person=person,
            hint="you" if person.id == request.actor.user_id else "",
            current=now == {person.id},
        )
        for person in mine
    ]
    return [*options, Option(value="", name="Nobody", current=now == {None})]


def _stages(request: ActorRequest, rows: Sequence[IssueRow]) -> list[Option]:
    if len(rows) != 1:
        return [
            Option(
                value=stage.name,
                name=stage.name,
                icon=f"stage-{stage_shape(stage.name, stage.category)}",
                detail=stage.meaning,
                ends=stage.category == "closed",
            )
            for stage in {stage.name: stage for moves in _workflows(rows) for stage in moves.stages}.values()
        ]
    return [_move(move) for move in queries.issue(actor=request.actor, key=rows[0].key).moves]


def _workflows(rows: Sequence[IssueRow]) -> list[workflow.Workflow]:
    found = processes_of(list(dict.fromkeys(row.project.id for row in rows)))
    return [process.workflow for process in found.values()]


def _reasons(request: ActorRequest, rows: Sequence[IssueRow]) -> list[str]:
    """What a move of one of them may give as its reason."""
    needs = (need for moves in _workflows(rows) for rule in moves.rules for need in rule.requires)
    return list(dict.fromkeys(option for need in needs for option in need.options))


def _elsewhere(need: workflow.Requirement) -> bool:
    """Whether it is set beside the menu: who holds the issue, and its fields."""
    return all(name == "assignee" or name.startswith(FIELD) for name in need.fields)


def _move(move: workflow.Move) -> Option:
    asks = [need for need in move.needs if not _elsewhere(need)]
    blocked = [need.ask for need in move.needs if _elsewhere(need) and need.fields != ("assignee",)]
    person = [need.ask for need in move.needs if need.fields == ("assignee",)]
    return Option(
        value=move.name or move.to,
        name=move.to,
        icon=f"stage-{stage_shape(move.to, move.category)}",
        detail=" ".join(person) or (move.label if move.allowed and move.label != move.to else ""),
        why_not=" ".join(blocked) or ("" if move.allowed or move.needs else move.why_not),
        then="assignee" if person else "",
        ends=move.category == "closed",
        needs=" ".join(need.ask for need in asks),
        asks_reason=any(need.options for need in asks),
    )


def _ranked(values: Sequence[str], sign: str, get: Callable[[IssueRow], str]) -> Callable[..., list[Option]]:
    def options(request: ActorRequest, rows: Sequence[IssueRow]) -> list[Option]:
        now = {get(row) for row in rows}
        prefix = "pri pri" if sign == "priority" else "sev"
        return [
            Option(
                value=value,
                name=value,
                icon=f"{sign}-{value.lower()}",
                classes=f"icon {prefix}-{value.lower()}",
                hint=str(index),
                current=now == {value},
            )
            for index, value in enumerate(reversed(values), start=1)
        ]

    return options


def _types(request: ActorRequest, rows: Sequence[IssueRow]) -> list[Option]:
    now = {row.type for row in rows}
    offers = [process.types for process in processes_of([row.project.id for row in rows]).values()]
    # Of issues of several projects, what all of these know.
    names = [name for name in (offers[0] if offers else ()) if all(name in offer for offer in offers)]
    return [Option(value=name, name=name, icon=kind_icon(name), current=now == {name}) for name in names]


def _labels(request: ActorRequest, rows: Sequence[IssueRow]) -> list[Option]:
    known = queries.list_labels(actor=request.actor)
    worn = [{label.name for label in row.labels} for row in rows]
    return [
        Option(value=label.name, name=label.name, hue=label.colour, current=all(label.name in names for names in worn))
        for label in known
    ]


def _assign(request: ActorRequest, key: str, value: str) -> Any:
    to = request.actor.email if value == "me" else value or None
    return operations.assign_issue(key=key, to=to, by=request.actor, at=request.now)


def _deputise(request: ActorRequest, key: str, value: str) -> Any:
    return operations.assign_issue(key=key, deputy=value or None, by=request.actor, at=request.now)


def _transition(request: ActorRequest, key: str, value: str) -> Any:
    comment, reason = (request.POST.get(name, "").strip() or None for name in ("comment", "reason"))
    return operations.transition_issue(
        key=key, to=value, comment=comment, reason=reason, by=request.actor, at=request.now
    )


def _valued(field: str) -> Callable[[ActorRequest, str, str], Any]:
    def update(request: ActorRequest, key: str, value: str) -> Any:
        fields = {field.removeprefix(FIELD): value}
        return operations.update_issue(key=key, fields=fields, by=request.actor, at=request.now)

    return update


def _update(field: str) -> Callable[[ActorRequest, str, str], Any]:
    def update(request: ActorRequest, key: str, value: str) -> Any:
        changed: dict[str, Any] = {field: value}
        return operations.update_issue(key=key, by=request.actor, at=request.now, **changed)

    return update


def _label(request: ActorRequest, key: str, value: str) -> Any:
    worn = {label.name for label in queries.issue(actor=request.actor, key=key).row.labels}
    labels = sorted(worn ^ {value.strip()})
    return operations.update_issue(key=key, labels=labels, by=request.actor, at=request.now)


_OPTIONS: dict[str, Callable[[ActorRequest, Sequence[IssueRow]], list[Option]]] = {
    "assignee": _people,
    "deputy": _people,
    "stage": _stages,
    "priority": _ranked(vocabulary.PRIORITIES, "priority", lambda row: row.priority),
    "severity": _ranked(vocabulary.SEVERITIES, "severity", lambda row: row.severity),
    "type": _types,
    "labels": _labels,
}
_CHANGES: dict[str, Callable[[ActorRequest, str, str], Any]] = {
    "assignee": _assign,
    "deputy": _deputise,
    "stage": _transition,
    "priority": _update("priority"),
    "severity": _update("severity"),
    "type": _update("type"),
    "title": _update("title"),
    "description": _update("description"),
    "labels": _label,
}
