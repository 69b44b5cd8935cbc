"""How a team works, to read and to write down: process page, template, drift, gallery."""

from typing import Any

import msgspec
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from errata.apps.clocks.queries import preview_policy
from errata.apps.clocks.types import Preview
from errata.apps.designations import queries as designations
from errata.apps.designations.types import ORIGINS
from errata.apps.notices import queries as notices
from errata.apps.projects import queries as projects
from errata.apps.templates import operations, queries
from errata.apps.templates.types import Drift, Scope, TemplateView
from errata.apps.workflows.queries import workflow_of
from errata.core.designation import DesignationRule
from errata.core.errors import Refusal
from errata.core.numeral import whole_number
from errata.core.ranking import describe
from errata.core.sla import ClockPolicy, EscalationStep
from errata.core.template import (
    FIELDS,
    GALLERY,
    PLATFORM_KINDS,
    FieldName,
    Ready,
    Template,
    differences,
    print_duration,
)
from errata.core.template.words import PLATFORM_NAMES, rule_words
from errata.core.vocabulary import OPEN_CATEGORIES, PRIORITIES, SEVERITIES
from errata.core.workflow import DEFAULT, Workflow
from errata.web.answers import Toast, go
from errata.web.clocks.shown import flipped
from errata.web.process import form, told
from errata.web.process.calendars import calendar_choices, calendar_words
from errata.web.process.flow import flow
from errata.web.process.frame import address, framed, scope_of
from errata.web.requests import ActorRequest

_ACTIONS = (
    ("notify", "tell"),
    ("deputise", "give it to the deputy"),
    ("raise_priority", "raise the priority"),
    ("chain", "tell one after the other"),
)
_RULE_KINDS = (
    ("path", "a file’s path"),
    ("module", "a module"),
    ("url", "an address"),
    ("tag", "a tag"),
    ("service", "a service"),
    ("type", "a type"),
    ("codeowners", "a file of the repository"),
    ("always", "everything else"),
)
_CHOICES = (
    ("first", "the first of them"),
    ("round_robin", "each in turn"),
    ("least_load", "the least busy"),
    ("skill", "who knows it best"),
    ("on_duty", "who is on duty"),
)
# Of one field; the rest is a click away.
_DIFFERENCES_SHOWN = 4


class RuleTold(msgspec.Struct, frozen=True):
    """A rule of designation as a sentence, and whose it is."""

    words: str
    origin: str


class FieldDrift(msgspec.Struct, frozen=True):
    """In what one field differs."""

    title: str
    own: bool
    words: list[str]
    more: list[str]


class Drifting(msgspec.Struct, frozen=True):
    """A team or project of the drift report."""

    drift: Drift
    url: str
    fields: list[FieldDrift]
    idle: list[str]


class ReadyShown(msgspec.Struct, frozen=True):
    ready: Ready
    url: str
    hardest: str  # the resolution of the worst
    easiest: str
    summands: list[tuple[str, str]]


def process(request: ActorRequest) -> HttpResponse:
    """How issues are handled here: for a newcomer, and on paper."""
    scope = scope_of(request)
    known = projects.list_projects(actor=request.actor)
    if scope.kind == "organization" and len(known) == 1:
        scope = Scope("project", known[0].slug)
    view = queries.template(actor=request.actor, scope=scope)
    workflow = _workflow(request, scope)
    context = {
        "view": view,
        "fields": told.fields_told(view),
        "told": told.template_told(view, calendar=calendar_words(request, view.template.maximum_time)),
        "rules": _rules(request, view),
        "workflow": workflow,
        "stages": told.stages_told(workflow),
        "flow": flow(workflow),
        "short": told.in_short(view, workflow),
        "undecided": [FIELDS[name].title for name, source in view.sources.items() if source.origin == "default"],
        "priorities": PRIORITIES[::-1],
        "template_url": address("process-template", view.scope),
    }
    return framed(request, "process/page.html", context, current="process", scope=scope)


def template(request: ActorRequest) -> HttpResponse:
    """The four fields: to read, and one at a time to write."""
    scope = scope_of(request)
    view = queries.template(actor=request.actor, scope=scope)
    if request.method != "POST":
        return _template(request, view, editing=_field(request.GET.get("edit", "")))
    name = _field(request.POST.get("field", ""))
    if name is None:
        return _template(request, view, editing=None)
    value = None
    try:
        if request.POST.get("do") != "inherit":
            value = form.read_field(name, request.POST, getattr(view.template, name))
        if request.POST.get("do") == "preview" and isinstance(value, ClockPolicy):
            return _template(
                request, _as_typed(view, name, value), editing=name, preview=_previewed(request, scope, value)
            )
        version = operations.change_template(
            scope=scope,
            **{name: value},
            note=request.POST.get("note", ""),
            after=whole_number(request.POST.get("after", "")),
            by=request.actor,
            at=request.now,
        )
    except (form.FormUnreadable, operations.TemplateRefused, operations.TemplateChangedMeanwhile) as refusal:
        return _template(request, _as_typed(view, name, value), editing=name, refusal=refusal)
    words = f"Saved as version {version.number}." if version else "Nothing changed: it said so already."
    return go(request, address("process-template", scope), toast=Toast(text=words))


@require_POST
def restore(request: ActorRequest) -> HttpResponse:
    """Write down again what an earlier version said."""
    scope = scope_of(request)
    number = whole_number(request.POST.get("number", "")) or 0
    version = operations.restore_version(scope=scope, number=number, by=request.actor, at=request.now)
    words = f"Back to version {number}, as version {version.number}." if version else "It says so already."
    return go(request, address("process-template", scope), toast=Toast(text=words))


def drift(request: ActorRequest) -> HttpResponse:
    """Who deviates from the organisation's template, and in what."""
    report = queries.drift(actor=request.actor)
    rows = [
        Drifting(
            drift=each,
            url=address("process-template", each.scope),
            fields=_field_drifts(each),
            idle=[FIELDS[name].title for name in each.idle],
        )
        for each in report.drifting
    ]
    context = {"rows": rows, "report": report}
    return framed(request, "process/drift.html", context, current="process-drift", scope=scope_of(request))


def gallery(request: ActorRequest) -> HttpResponse:
    """Templates that are ready."""
    scope = scope_of(request)
    shown = [
        ReadyShown(
            ready=ready,
            url=address("process-ready", scope, ready=ready.slug),
            hardest=_resolution(ready.template, PRIORITIES[-1], SEVERITIES[-1]),
            easiest=_resolution(ready.template, PRIORITIES[0], SEVERITIES[0]),
            summands=describe(ready.template.ranking),
        )
        for ready in GALLERY.values()
    ]
    return framed(request, "process/gallery.html", {"gallery": shown}, current="process-gallery", scope=scope)


def ready(request: ActorRequest) -> HttpResponse:
    """A ready template: what it says, what it would change here, and taking it."""
    scope = scope_of(request)
    found = operations.find_ready(request.GET.get("ready", ""))
    if request.method == "POST":
        operations.apply_gallery(slug=found.slug, scope=scope, by=request.actor, at=request.now)
        toast = Toast(text=f"{found.name} is in force. Change what you like.")
        return go(request, address("process-template", scope), toast=toast)
    view = queries.template(actor=request.actor, scope=scope)
    taken = msgspec.structs.replace(
        view.template, maximum_time=found.template.maximum_time, ranking=found.template.ranking
    )
    context = {
        "ready": found,
        "view": view,
        "told": told.template_told(
            msgspec.structs.replace(view, template=found.template),
            calendar=calendar_words(request, found.template.maximum_time),
        ),
        "priorities": PRIORITIES[::-1],
        "changes": differences(view.template, taken),
        "action": address("process-ready", scope, ready=found.slug),
    }
    return framed(request, "process/ready.html", context, current="process-gallery", scope=scope)


def _rules(request: ActorRequest, view: TemplateView) -> list[RuleTold]:
    """Who gets what: of a project, with the rules it has of its own."""
    if view.scope.kind != "project":
        return [RuleTold(words=rule_words(rule), origin="") for rule in view.template.designation]
    rules, _ = designations.list_rules(actor=request.actor, which=view.scope.slug, now=request.now)
    return [RuleTold(words=rule_words(each.rule), origin=ORIGINS.get(each.origin, each.origin)) for each in rules]


def _field_drifts(drift: Drift) -> list[FieldDrift]:
    found = []
    for name, field in FIELDS.items():
        words = [difference.words for difference in drift.differences if difference.field == name]
        if words:
            own = name in drift.own
            found.append(FieldDrift(field.title, own, words[:_DIFFERENCES_SHOWN], words[_DIFFERENCES_SHOWN:]))
    return found


def _template(
    request: ActorRequest,
    view: TemplateView,
    *,
    editing: FieldName | None,
    refusal: Refusal | None = None,
    preview: Preview | None = None,
) -> HttpResponse:
    workflow = _workflow(request, view.scope)
    policy = view.template.maximum_time
    unfinished = (stage.name for stage in workflow.stages if stage.category in OPEN_CATEGORIES)
    stages = dict.fromkeys((*unfinished, *policy.paused_in))
    context: dict[str, Any] = {
        "view": view,
        "fields": told.fields_told(view),
        "told": told.template_told(view, calendar=calendar_words(request, policy)),
        "editing": editing if _may_write(request, view.scope) else None,
        "may_write": _may_write(request, view.scope),
        "problem": refusal.message if refusal else "",
        "preview": preview,
        "flips": flipped(preview),
        "versions": queries.versions(actor=request.actor, scope=view.scope),
        "priorities": PRIORITIES[::-1],
        "severities": SEVERITIES[::-1],
        "targets": form.target_rows(policy),
        "steps": form.step_rows(policy),
        "rules": form.rule_rows(view.template.designation),
        "blank_target": form.RowShown(number=0, values={}, rest=""),
        "blank_step": form.step_rows(msgspec.structs.replace(policy, escalation=(_STEP,)))[0],
        "blank_rule": form.rule_rows((DesignationRule(kind="path"),))[0],
        "paused": [(name, name in policy.paused_in) for name in stages],
        "calendars": calendar_choices(request, policy),
        "actions": _ACTIONS,
        "rule_kinds": _RULE_KINDS,
        "choices": _CHOICES,
        "channels": notices.channels(actor=request.actor) if editing == "platform" else [],
        "platform_kinds": [(kind, PLATFORM_NAMES[kind]) for kind in PLATFORM_KINDS],
        "ranking_url": address("process-ranking", view.scope),
        "gallery_url": address("process-gallery", view.scope),
    }
    status = refusal.status if refusal else 200
    return framed(
        request, "process/template.html", context, current="process-template", scope=view.scope, status=status
    )


_STEP = EscalationStep(100, "notify", to=("assignee",))


def _previewed(request: ActorRequest, scope: Scope, policy: ClockPolicy) -> Preview:
    """What the clocks would show that go by this place's policy."""
    concerned = queries.projects_inheriting(actor=request.actor, scope=scope, field="maximum_time")
    return preview_policy(actor=request.actor, project_ids=concerned, policy=policy, now=request.now)


def _as_typed(view: TemplateView, name: FieldName, value: Any) -> TemplateView:
    """The page again as it was filled in, as far as it could be read."""
    if value is None:
        return view
    typed = msgspec.structs.replace(view.template, **{name: value})
    return msgspec.structs.replace(view, template=typed)


def _workflow(request: ActorRequest, scope: Scope) -> Workflow:
    if scope.kind != "project":
        return DEFAULT
    return workflow_of(projects.project(actor=request.actor, which=scope.slug).id)


def _may_write(request: ActorRequest, scope: Scope) -> bool:
    return operations.may_change(request.actor, scope)


def _field(text: str) -> FieldName | None:
    return next((name for name in FIELDS if name == text), None)


def _resolution(template: Template, priority: str, severity: str) -> str:
    target = template.maximum_time.target_for(priority, severity)
    return print_duration(target.resolution_min if target else None)
