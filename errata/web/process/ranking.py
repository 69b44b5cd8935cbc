"""The basis for ranking: written, tried on the open issues, and explained for one."""

from typing import Any

import msgspec
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from errata.apps.designations import standings
from errata.apps.designations.standings import Standing
from errata.apps.templates import operations, queries
from errata.apps.templates.types import Scope
from errata.core.ranking import FUNCTIONS, MEASURES, RankingRefused, describe
from errata.core.template import GALLERY
from errata.web.answers import Toast, go
from errata.web.process.frame import address, framed, scope_of
from errata.web.process.told import fields_told, origin_words
from errata.web.requests import ActorRequest

_OPERATORS = (
    ("+ − * / % **", "as in arithmetic; ** is a power"),
    ("< <= > >= == !=", "1 when it is so, else 0"),
    ("and or not", "joins what is so or not"),
)


class Problem(msgspec.Struct, frozen=True):
    """What can't be read, with the text around it."""

    message: str
    before: str
    wrong: str
    after: str


class Part(msgspec.Struct, frozen=True):
    """A summand with the length of its bar."""

    text: str
    value: float
    words: str
    share: int  # of the greatest part, in percent


def ranking(request: ActorRequest) -> HttpResponse:
    """The expression, its words, and where to try another."""
    scope = scope_of(request)
    expression, problem = None, None
    if request.method == "POST":
        inherit = request.POST.get("do") == "inherit"
        expression = request.POST.get("ranking", "").strip()
        problem = None if inherit else _problem(expression)
        if problem is None:
            return _saved(request, scope, None if inherit else expression)
    view = queries.template(actor=request.actor, scope=scope)
    context = {
        "view": view,
        "field": fields_told(view)["ranking"],
        "expression": view.template.ranking if expression is None else expression,
        "problem": problem,
        "summands": describe(view.template.ranking),
        "may_write": operations.may_change(request.actor, scope),
        "examples": list(GALLERY.values()),
        "measures": [(name, measure.words) for name, measure in MEASURES.items()],
        "functions": [(function.form, function.words) for function in FUNCTIONS.values()],
        "operators": _OPERATORS,
        "try_url": address("process-ranking-try", scope),
    }
    status = 422 if problem else 200
    return framed(request, "process/ranking.html", context, current="process-ranking", scope=scope, status=status)


@require_POST
def trial(request: ActorRequest) -> HttpResponse:
    """What the expression of the form would move."""
    expression = request.POST.get("ranking", "").strip()
    problem = _problem(expression)
    context: dict[str, Any] = {"problem": problem}
    if problem is None:
        context["trial"] = standings.try_ranking(
            actor=request.actor, scope=scope_of(request), expression=expression, at=request.now
        )
    return render(request, "process/trial.html", context)


def why(request: ActorRequest, key: str) -> HttpResponse:
    """Why an issue ranks where it does: a piece of its page, or a page of its own."""
    found = standings.standing(actor=request.actor, key=key, at=request.now)
    context = {
        "standing": found,
        "parts": _parts(found),
        "origin": origin_words(found.source),
        "ranking_url": f"{reverse('process-ranking')}?project={key.rpartition('-')[0]}",
    }
    name = "process/why.html" if request.headers.get("HX-Request") else "process/why_page.html"
    return render(request, name, context)


def _saved(request: ActorRequest, scope: Scope, expression: str | None) -> HttpResponse:
    version = operations.change_template(
        scope=scope, ranking=expression, note=request.POST.get("note", ""), by=request.actor, at=request.now
    )
    words = "Saved. Lists are in the new order within seconds." if version else "Nothing changed: it said so already."
    return go(request, address("process-ranking", scope), toast=Toast(text=words))


def _problem(expression: str) -> Problem | None:
    try:
        describe(expression)
    except RankingRefused as refusal:
        start, end = refusal.position, refusal.end
        return Problem(refusal.message, expression[:start], expression[start:end], expression[end:])
    return None


def _parts(found: Standing) -> list[Part]:
    greatest = max((abs(part.value) for part in found.summands), default=0) or 1
    return [
        Part(text=part.text, value=part.value, words=part.words, share=round(100 * abs(part.value) / greatest))
        for part in found.summands
    ]
