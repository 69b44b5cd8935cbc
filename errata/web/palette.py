"""What the command palette can find: issues by key or title, people, projects."""

from django.http import JsonResponse
from django.urls import reverse
from django.utils.http import urlencode

from errata.apps.accounts import queries as accounts
from errata.apps.issues import queries as issues
from errata.apps.projects import queries as projects
from errata.web.issues.search_links import quoted
from errata.web.requests import ActorRequest
from errata.web.templatetags.ui import kind_icon

_ISSUES_MAX = 12
_OTHERS_MAX = 5


def palette(request: ActorRequest) -> JsonResponse:
    """Answer what somebody types."""
    text = " ".join(request.GET.get("q", "").split())[:80]
    if not text:
        return JsonResponse({"items": []})
    return JsonResponse({"items": [*_issues(request, text), *_projects(request, text), *_people(request, text)]})


def _issues(request: ActorRequest, text: str) -> list[dict[str, str]]:
    exact = issues.issues_by_keys(actor=request.actor, keys=[text])
    words = " ".join(quoted(word) for word in text.split())
    page = issues.list_issues(actor=request.actor, query=words, limit=_ISSUES_MAX, now=request.now)
    # What says so in its key or title goes before what says it somewhere inside.
    wanted = text.casefold()
    found = sorted(page.items, key=lambda row: wanted not in f"{row.key} {row.title}".casefold())
    rows = {row.key: row for row in (*exact, *found)}.values()
    return [
        {
            "name": f"{row.key} {row.title}",
            "detail": row.stage,
            "sign": kind_icon(row.type),
            "url": reverse("issue", args=[row.key]),
        }
        for row in rows
    ]


def _projects(request: ActorRequest, text: str) -> list[dict[str, str]]:
    wanted = text.casefold()
    found = [
        project
        for project in projects.list_projects(actor=request.actor)
        if wanted in project.name.casefold() or wanted == project.key.casefold()
    ]
    return [
        {
            "name": project.name,
            "detail": project.key,
            "sign": "folder",
            "url": f"{reverse('issues')}?{urlencode({'project': project.slug})}",
        }
        for project in found[:_OTHERS_MAX]
    ]


def _people(request: ActorRequest, text: str) -> list[dict[str, str]]:
    found = accounts.list_people(actor=request.actor, matching=text, limit=_OTHERS_MAX)
    return [
        {
            "name": person.name,
            "detail": "open issues",
            "sign": "circle-user",
            "url": f"{reverse('issues')}?{urlencode({'q': f'is:open assignee:{person.email}'})}",
        }
        for person in found
    ]
