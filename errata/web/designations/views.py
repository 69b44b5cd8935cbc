"""Designation of members: the rules of a project, a tester, the import of a CODEOWNERS file."""

from typing import Any, cast

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from errata.apps.accounts import queries as accounts
from errata.apps.designations import operations, queries
from errata.apps.designations.types import OwnershipView
from errata.apps.issues import queries as issues
from errata.apps.projects import queries as projects
from errata.apps.templates.types import Scope
from errata.core.designation import (
    CODEOWNERS_BYTES_MAX,
    Choice,
    DesignationKind,
    DesignationRule,
    PathMapping,
    moved_rule,
    read_rules,
    with_rule,
    without_rule,
)
from errata.core.errors import Refusal
from errata.core.numeral import whole_number
from errata.web.answers import Toast, go
from errata.web.designations import words
from errata.web.forms import Form, refused
from errata.web.process.frame import framed, scope_of
from errata.web.requests import ActorRequest

_TABS = (("Rules", "designation"), ("CODEOWNERS", "designation-codeowners"))
_UNMAPPED_MAX = 200


def index(request: ActorRequest) -> HttpResponse:
    """The rules of the first project, or how to get one."""
    known = projects.list_projects(actor=request.actor)
    scope = scope_of(request)
    meant = [one for one in known if scope.slug in ((one.slug,) if scope.kind == "project" else (one.team,))]
    if not known:
        return framed(request, "designations/none.html", {}, current="designations", scope=scope)
    return redirect("designation", slug=(meant or known)[0].slug)


def rules(request: ActorRequest, slug: str) -> HttpResponse:
    """A project's rules in their order; posted ones replace its own."""
    found = queries.ownership(actor=request.actor, which=slug)
    if request.method != "POST":
        return _rules(request, slug, found)
    try:
        changes = _changes(request, found)
        changed = operations.set_ownership(which=slug, by=request.actor, at=request.now, **changes)
    except Refusal as refusal:
        form = refused({"rules": request.POST.get("rules", "")}, refusal)
        return _rules(request, slug, found, form=form, text=request.POST.get("rules", found.rules))
    return go(request, reverse("designation", args=[changed.project]), toast=Toast(text="Saved. It holds from now on."))


@require_POST
def check(request: ActorRequest, slug: str) -> HttpResponse:
    """What the text on the form says, as it is typed."""
    projects.project(actor=request.actor, which=slug)
    read = read_rules(request.POST.get("rules", "")[: operations.RULES_BYTES_MAX])
    return render(request, "designations/check.html", {"read": read})


@require_GET
def trial(request: ActorRequest, slug: str) -> HttpResponse:
    """Who would get an issue, or something with this path or URL, and why."""
    text = request.GET.get("text", "").strip()[:2_000]
    context: dict[str, Any] = {"text": text}
    try:
        if text:
            found = _tried(request, slug, text)
            context |= {"trial": found, "why": words.why_tried(found)}
    except Refusal as refusal:
        context["problem"] = refusal.message
    return render(request, "designations/trial.html", context)


def suggestion(request: ActorRequest, key: str) -> HttpResponse:
    """Who might take an issue that nobody holds, and why."""
    found = queries.suggest(actor=request.actor, key=key, now=request.now)
    return render(request, "designations/suggestion.html", {"key": key, "suggestion": found})


@require_POST
def apply(request: ActorRequest, slug: str) -> HttpResponse:
    """Give the project's issues that nobody holds to whom the rules say."""
    done = operations.designate_unheld(which=slug, by=request.actor, at=request.now)
    many = len(done.assigned)
    left = f"{done.left} still {'has' if done.left == 1 else 'have'} nobody."
    text = f"{many} issue{'' if many == 1 else 's'} assigned. {left}"
    return go(request, reverse("designation", args=[slug]), toast=Toast(text=text))


def codeowners(request: ActorRequest, slug: str) -> HttpResponse:
    """The CODEOWNERS file of a project: look at what it would bring, then import it."""
    found = queries.ownership(actor=request.actor, which=slug)
    text, owners, mappings = found.codeowners, dict(found.owners), list(found.mappings)
    form, form_status = Form(), 200
    if request.method == "POST":
        try:
            text, owners, mappings = _file(request), _owners(request), _mappings(request)
            if request.POST.get("do") == "import":
                operations.set_ownership(
                    which=slug, codeowners=text, owners=owners, mappings=mappings, by=request.actor, at=request.now
                )
                toast = Toast(text="Imported." if text.strip() else "The file is taken out.")
                return go(request, reverse("designation-codeowners", args=[slug]), toast=toast)
        except Refusal as refusal:
            form, form_status = refused({}, refusal), 422
    preview = None
    if text.strip():
        preview = queries.preview_codeowners(actor=request.actor, which=slug, text=text, owners=owners, now=request.now)
    context = {
        "form": form,
        "text": text,
        "preview": preview,
        "shown": preview.read.rules[:_UNMAPPED_MAX] if preview else (),
        "unmapped": [name for name, owner in preview.named.items() if not owner] if preview else [],
        "named": list(preview.named.items())[:_UNMAPPED_MAX] if preview else [],
        "mappings": mappings,
        "people": accounts.list_people(actor=request.actor),
        "teams": accounts.list_teams(actor=request.actor),
        "imported": bool(found.codeowners),
        "previewed": request.method == "POST",
    }
    return _tab(request, slug, "designation-codeowners", "designations/codeowners.html", context, status=form_status)


def _rules(
    request: ActorRequest, slug: str, found: OwnershipView, *, form: Form | None = None, text: str | None = None
) -> HttpResponse:
    listed, total = queries.list_rules(actor=request.actor, which=slug, now=request.now)
    context = {
        "form": form or Form(),
        "ownership": found,
        "text": found.rules if text is None else text,
        "rules": [words.shown(one) for one in listed],
        "more": total - len(listed),
        "own": sum(one.origin == "ownership" for one in listed),
        "kinds": words.KINDS,
        "choices": words.CHOICES,
        "people": accounts.list_people(actor=request.actor),
        "teams": accounts.list_teams(actor=request.actor),
        "unassigned": issues.count_unassigned(actor=request.actor).get(found.project_id, 0),
    }
    status = 422 if form else 200
    return _tab(request, slug, "designation", "designations/rules.html", context, status=status)


def _tab(
    request: ActorRequest, slug: str, name: str, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    project = projects.project(actor=request.actor, which=slug)
    parts = [(label, reverse(route, args=[project.slug]), route == name) for label, route in _TABS]
    parts.append(("People and absences", reverse("designation-people"), False))
    own = {"project": project, "parts": parts}
    scope = Scope("project", project.slug)
    return framed(request, template, own | context, current="designations", scope=scope, status=status)


def _changes(request: ActorRequest, found: OwnershipView) -> dict[str, Any]:
    """What a form of the page asks for: each changes one thing."""
    posted = request.POST
    line = whole_number(posted.get("line", "")) or 0
    match posted.get("do"):
        case "up" | "down":
            return {"rules": moved_rule(found.rules, line=line, up=posted["do"] == "up"), "version": _version(request)}
        case "remove":
            return {"rules": without_rule(found.rules, line=line), "version": _version(request)}
        case "add":
            return {"rules": with_rule(found.rules, _rule(request), first=posted.get("where") == "first")}
        case "settings":
            return {"enabled": "enabled" in posted, "team_takes_rest": "team_takes_rest" in posted}
    return {"rules": posted.get("rules", found.rules), "version": _version(request)}


def _rule(request: ActorRequest) -> DesignationRule:
    posted = request.POST
    kind = cast("DesignationKind", posted.get("kind", "always"))
    owners = tuple(owner.strip() for owner in posted.getlist("owner") if owner.strip())
    deputies = tuple(owner for owner in [posted.get("deputy", "").strip()] if owner)
    return DesignationRule(
        kind=kind,
        pattern="" if kind == "always" else posted.get("pattern", "").strip(),
        owners=owners,
        choose=cast("Choice", posted.get("choose", "first")),
        hours=posted.get("hours", "").strip(),
        deputies=deputies,
        skills=tuple(word for word in posted.get("skills", "").replace(",", " ").split() if word),
    )


def _version(request: ActorRequest) -> int | None:
    return whole_number(request.POST.get("version", ""))


def _tried(request: ActorRequest, slug: str, text: str) -> Any:
    if issues.issues_by_keys(actor=request.actor, keys=[text]):
        return queries.try_issue(actor=request.actor, key=text, now=request.now)
    return queries.try_text(actor=request.actor, which=slug, text=text, now=request.now)


def _file(request: ActorRequest) -> str:
    upload = request.FILES.get("file")
    if upload is None:
        return str(request.POST.get("codeowners", ""))
    if (upload.size or 0) > CODEOWNERS_BYTES_MAX:
        raise operations.OwnershipRefused(f"A CODEOWNERS file has {CODEOWNERS_BYTES_MAX // 2**20} MB at most.")
    return str(upload.read().decode(errors="replace"))


def _owners(request: ActorRequest) -> dict[str, str]:
    names, owners = request.POST.getlist("name"), request.POST.getlist("owner")
    return {name: owner for name, owner in zip(names, owners, strict=False) if owner}


def _mappings(request: ActorRequest) -> list[PathMapping]:
    stacks, sources = request.POST.getlist("stack_root"), request.POST.getlist("source_root")
    pairs = ((stack.strip(), source.strip()) for stack, source in zip(stacks, sources, strict=False))
    return [PathMapping(stack_root=stack, source_root=source) for stack, source in pairs if stack or source]
