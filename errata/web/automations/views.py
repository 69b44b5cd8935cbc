"""The rules of an organisation: a list, one rule as a sentence or as text, what it would have done, what it did."""

from collections.abc import Sequence
from typing import Any, cast

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from errata.apps.accounts.permissions import may
from errata.apps.automations import operations, queries
from errata.apps.automations.types import AutomationView, Mode
from errata.apps.projects import queries as projects
from errata.apps.templates.types import Scope
from errata.core.automation import ACTIONS, TRIGGERS, Action, Limits, Rule, Trigger, parse, spell
from errata.core.automation.text import ACTIONS_MAX
from errata.core.automation.types import ActionKind
from errata.core.errors import Refusal
from errata.core.numeral import whole_number
from errata.web.answers import Toast, go
from errata.web.process.frame import framed
from errata.web.requests import ActorRequest

_ROWS = 3  # empty lines of a new rule's list of actions
_DAYS = (7, 30, 90)
_FORMS = (("sentence", "Sentence"), ("text", "Text"))
_MODES = (
    ("on", "On", "It acts."),
    ("dry", "Dry", "It tells here what it would do, and does nothing."),
    ("off", "Off", "It rests."),
)


def index(request: ActorRequest) -> HttpResponse:
    """Every rule, with how it did."""
    rules = queries.list_automations(actor=request.actor, now=request.now)
    return _framed(request, "automations/list.html", {"rules": rules})


def new(request: ActorRequest) -> HttpResponse:
    """A form for a rule, or a rule from it."""
    if request.method != "POST":
        return _form(request, None, _of(Rule(Trigger("created"), ()), name="", text=""))
    if "as" in request.POST:
        return _form(request, None, _turned(request.POST))
    try:
        made = operations.create_automation(
            name=request.POST.get("name", ""), text=_text(request.POST), project=request.POST.get("project", ""),
            by=request.actor, at=request.now,
        )  # fmt: skip
    except Refusal as refusal:
        return _form(request, None, _given(request.POST), problem=refusal)
    toast = Toast(text=f"“{made.name}” is written down, and dry: it tells what it would do.")
    return go(request, reverse("rule", args=[made.id]), toast=toast)


def rule(request: ActorRequest, rule_id: int) -> HttpResponse:
    """One rule with its runs; a posted form changes it."""
    found = queries.automation(actor=request.actor, which=str(rule_id))
    if request.method != "POST":
        return _form(request, found, _of(found.rule, name=found.name, text=found.text, project=found.project))
    if "as" in request.POST:
        return _form(request, found, _turned(request.POST))
    try:
        operations.update_automation(
            which=str(rule_id), name=request.POST.get("name", ""), text=_text(request.POST),
            project=request.POST.get("project", ""), by=request.actor, at=request.now,
        )  # fmt: skip
    except Refusal as refusal:
        return _form(request, found, _given(request.POST), problem=refusal)
    return go(request, reverse("rule", args=[rule_id]), toast=Toast(text="Saved. It holds from now on."))


@require_POST
def trial(request: ActorRequest) -> HttpResponse:
    """What the rule in the form would have done."""
    days = whole_number(request.POST.get("days", ""))
    context: dict[str, Any] = {"days_choices": _DAYS}
    try:
        context["text"] = spell(parse(_text(request.POST), catalog=None))
        context["told"] = queries.backtest(
            actor=request.actor, text=context["text"], now=request.now, project=request.POST.get("project", ""),
            days=days if days in _DAYS else 30,
        )  # fmt: skip
    except Refusal as refusal:
        context["problem"] = refusal
    return render(request, "automations/trial.html", context)


@require_POST
def mode(request: ActorRequest, rule_id: int) -> HttpResponse:
    """Switch a rule."""
    wanted = cast("Mode", request.POST.get("mode", ""))
    found = operations.set_mode(which=str(rule_id), mode=wanted, by=request.actor, at=request.now)
    words = {"on": "acts from now on", "dry": "tells, and does nothing", "off": "rests"}[found.mode]
    return go(request, reverse("rule", args=[rule_id]), toast=Toast(text=f"“{found.name}” {words}."))


@require_POST
def delete(request: ActorRequest, rule_id: int) -> HttpResponse:
    """Delete a rule."""
    operations.delete_automation(which=str(rule_id), by=request.actor, at=request.now)
    return go(request, reverse("rules"), toast=Toast(text="The rule is deleted. What it did stays done."))


@require_POST
def undo(request: ActorRequest, rule_id: int, run_id: int) -> HttpResponse:
    """Take back what a run did."""
    undone = operations.undo_run(run_id=run_id, by=request.actor, at=request.now)
    words = f"Took {undone} changes back." if undone != 1 else "Took one change back."
    return go(request, reverse("rule", args=[rule_id]), toast=Toast(text=words))


def _form(
    request: ActorRequest, found: AutomationView | None, given: dict[str, Any], problem: Refusal | None = None
) -> HttpResponse:
    as_text = given.pop("as_text", "text" in request.POST)
    runs = queries.list_runs(actor=request.actor, which=str(found.id)) if found else []
    context = (
        {"problem": problem}
        | given
        | {
            "found": found,
            "as_text": as_text,
            "forms": _FORMS,
            "form": "text" if as_text else "sentence",
            "triggers": [(kind, *words) for kind, words in TRIGGERS.items()],
            "kinds": [(kind, *words) for kind, words in ACTIONS.items()],
            "projects": projects.list_projects(actor=request.actor),
            "runs": runs,
            "modes": _MODES,
            "days_choices": _DAYS,
            "can_change": may(request.actor, "project:admin"),
        }
    )
    return _framed(request, "automations/rule.html", context, status=problem.status if problem else 200)


def _framed(request: ActorRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    administers = {"can_change": may(request.actor, "project:admin")}
    return framed(request, template, administers | context, current="rules", scope=Scope(), status=status)


def _of(rule: Rule, *, name: str, text: str, project: str = "") -> dict[str, Any]:
    """A rule as the form shows it."""
    return {
        "name": name, "text": text, "project": project, "when": rule.when.kind, "argument": _argument(rule.when),
        "where": rule.where, "actions": _rows(rule.actions), "hourly": rule.limits.runs_per_hour_max,
        "between": rule.limits.minutes_between or "",
    }  # fmt: skip


def _given(posted: QueryDict) -> dict[str, Any]:
    """What was in the form, to be shown again as it was typed, whether or not it can be read."""
    text, name, project = _text(posted), posted.get("name", ""), posted.get("project", "")
    if "text" in posted:
        try:
            return _of(parse(text, catalog=None), name=name, text=text, project=project)
        except Refusal:
            return _of(Rule(Trigger("created"), ()), name=name, text=text, project=project)
    pairs = zip(posted.getlist("kind"), posted.getlist("value"), strict=False)
    actions = [Action(cast("ActionKind", kind), value) for kind, value in pairs if value.strip()]
    return {
        "name": name, "text": text, "project": project, "when": posted.get("when", ""),
        "argument": posted.get("argument", ""), "where": posted.get("where", ""), "actions": _rows(actions),
        "hourly": posted.get("hourly", ""), "between": posted.get("between", ""),
    }  # fmt: skip


def _turned(posted: QueryDict) -> dict[str, Any]:
    """The same in the other form. A text that can't be read stays one, for a sentence can't show it."""
    given = _given(posted)
    if posted.get("as") == "text":
        return given | {"as_text": True}
    try:
        parse(given["text"] or "when created\nthen label x", catalog=None)
    except Refusal as refusal:
        return given | {"as_text": True, "problem": refusal}
    return given | {"as_text": False}


def _rows(actions: Sequence[Action]) -> list[Action]:
    """The actions, and some lines for more."""
    blanks = max(1, _ROWS - len(actions)) if len(actions) < ACTIONS_MAX else 0
    return [*actions, *[Action("label", "")] * blanks]


def _text(posted: QueryDict) -> str:
    """The rule's text: as it was written, or made of the sentence."""
    if "text" in posted:
        return posted.get("text", "")
    lines = [f"when {posted.get('when', '')} {posted.get('argument', '')}".strip()]
    if where := " ".join(posted.get("where", "").split()):
        lines.append(f"if {where}")
    pairs = zip(posted.getlist("kind"), posted.getlist("value"), strict=False)
    lines += [f"then {kind} {' '.join(value.split())}" for kind, value in pairs if value.strip()]
    hourly, between = posted.get("hourly", ""), posted.get("between", "")
    if hourly.isdecimal():
        lines.append(f"limit {hourly} an hour")
    if between.isdecimal() and between.strip("0"):
        lines.append(f"limit once in {between}m an issue")
    return "\n".join(lines)


def _argument(when: Trigger) -> str:
    return spell(Rule(when, (), limits=Limits())).removeprefix("when ").partition(" ")[2]
