"""The retest card of the issue page: what is proven of the fix, and what it is proven by."""

from datetime import timedelta
from typing import Any

import msgspec
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from errata.apps.issues.types import IssueDetail
from errata.apps.releases.types import CheckView
from errata.apps.retests import operations, queries
from errata.apps.retests.types import FixView, RetestView
from errata.core.retest import Proof, duration
from errata.web.answers import Toast
from errata.web.issues.writing import changed
from errata.web.requests import ActorRequest

_ICONS = {"pass": "circle-check", "fail": "circle-x", "wait": "clock", "none": "circle-slash"}
_NAMES = {"released": "Running", "checked": "Checked", "silent": "Silent"}
_CHECK_ICONS = {"passed": "circle-check", "failed": "circle-x", "pending": "clock", "neutral": "circle-slash"}
_FIX_ICONS = {"commit": "git-branch", "release": "package", "check": "flask-conical"}
_OUTCOMES = {"pass": ("Proven", "pill-good"), "fail": ("Refuted", "pill-bad"), "wait": ("Waiting for proof", "")}


class ProofShown(msgspec.Struct, frozen=True):
    name: str
    state: str
    icon: str
    words: str
    share: int  # percent of the way there; shown while it waits
    left: str  # "41 h more at this rate"


class FixShown(msgspec.Struct, frozen=True):
    fix: FixView
    icon: str


class CheckShown(msgspec.Struct, frozen=True):
    check: CheckView
    icon: str


def card(request: ActorRequest, detail: IssueDetail) -> dict[str, Any]:
    """What the card shows; nothing for an issue that is far from a retest."""
    view = queries.retest_of(actor=request.actor, detail=detail)
    if not (view.watched or view.fixes):
        return {}
    verdict = view.verdict
    outcome, pill = _outcome(view)
    return {
        "retest": view,
        "retest_outcome": outcome,
        "retest_pill": pill,
        "retest_words": verdict.words if verdict and view.watched else "",
        "proofs": [_proof(proof) for proof in verdict.proofs] if verdict else [],
        "fixes": [FixShown(fix=fix, icon=_FIX_ICONS[fix.kind]) for fix in view.fixes],
        "fix_checks": [CheckShown(check=check, icon=_CHECK_ICONS[check.state]) for check in view.checks],
    }


@require_POST
def link(request: ActorRequest, key: str) -> HttpResponse:
    """Link a commit, a release or a check as the issue's fix."""
    kind, what = request.POST.get("kind", "commit"), request.POST.get("what", "").strip()
    given = {kind: what} if kind in _FIX_ICONS else {}
    repository = request.POST.get("repository", "").strip() if kind == "commit" else ""
    operations.link_fix(key=key, **given, repository=repository, by=request.actor, at=request.now)
    return changed(request, key, Toast(text=f"Linked {what} as its fix."))


@require_POST
def unlink(request: ActorRequest, key: str, link_id: int) -> HttpResponse:
    """Take a link away."""
    operations.unlink_fix(key=key, link_id=link_id, by=request.actor, at=request.now)
    return changed(request, key, Toast(text="The link is removed."))


def _outcome(view: RetestView) -> tuple[str, str]:
    if view.verdict is None:
        return ("Being judged", "") if view.watched else ("Linked", "")
    if not view.watched and view.verdict.outcome == "wait":
        return "Not in retest", ""
    return _OUTCOMES[view.verdict.outcome]


def _proof(proof: Proof) -> ProofShown:
    hours = proof.numbers.get("hours_left", 0) if proof.state == "wait" else 0
    return ProofShown(
        name=_NAMES[proof.name],
        state=proof.state,
        icon=_ICONS[proof.state],
        words=proof.words,
        share=round(100 * proof.share),
        left=f"{_length(hours)} more" if hours else "",
    )


def _length(hours: float) -> str:
    return duration(timedelta(hours=hours))
