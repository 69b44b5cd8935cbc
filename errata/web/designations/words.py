"""Rules and decisions as sentences."""

from collections.abc import Sequence

import msgspec

from errata.apps.accounts.types import Person
from errata.apps.designations.types import ORIGINS, DecisionView, OwnerView, RuleView, Trial
from errata.core.designation import Holding, Outcome

_HELD_MAX = 20

KINDS = (
    ("path", "a frame’s path", "billing/**"),
    ("url", "the request’s URL", "*/checkout/*"),
    ("tag", "a tag", "region=eu*"),
    ("module", "a frame’s module", "billing.*"),
    ("service", "the service or transaction", "checkout*"),
    ("type", "the issue’s type", "Security"),
    ("always", "anything", ""),
)
CHOICES = (
    ("first", "the first who is there"),
    ("least_load", "whoever holds least"),
    ("round_robin", "each in turn"),
    ("skill", "whoever is skilled"),
    ("on_duty", "whoever is on duty"),
)
_ABOUT = {kind: words for kind, words, _ in KINDS} | {"codeowners": "a file of the repository"}


class RuleShown(msgspec.Struct, frozen=True):
    """A rule in its place, as a sentence in parts."""

    place: int
    origin: str
    origin_words: str
    line: int
    about: str  # "a frame’s path"
    pattern: str
    owners: tuple[OwnerView, ...]
    choice: str
    deputies: str
    skills: str
    hours: str
    nobody: bool  # its owners mean nobody


class Bar(msgspec.Struct, frozen=True):
    """Somebody who was considered, and how much they hold as a share of the most."""

    name: str
    issues: int
    load: int
    share: int
    note: str
    chosen: str  # "assignee", "deputy", ""


class Held(msgspec.Struct, frozen=True):
    """Who holds an issue, and who did."""

    now: Holding | None
    by_rules: bool
    all: Sequence[Holding]


class Why(msgspec.Struct, frozen=True):
    """Why an issue has who it has, or would have."""

    outcome: Outcome
    origin: str
    bars: list[Bar]
    deputy_name: str = ""


def shown(rule: RuleView) -> RuleShown:
    """A rule for the list."""
    one = rule.rule
    several = len(one.owners) > 1 or any(owner.team for owner in rule.owners)
    return RuleShown(
        place=rule.place,
        origin=rule.origin,
        origin_words=ORIGINS.get(rule.origin, rule.origin),
        line=rule.line,
        about=_ABOUT[one.kind],
        pattern=one.pattern,
        owners=rule.owners,
        choice=dict(CHOICES)[one.choose] if several or one.choose != "first" else "",
        deputies=", ".join(one.deputies),
        skills=", ".join(one.skills),
        hours=one.hours,
        nobody=bool(one.owners) and all(owner.problem for owner in rule.owners),
    )


def held(holdings: Sequence[Holding]) -> Held:
    """Who held an issue when, newest first, and who holds it now."""
    newest = holdings[::-1]
    now = next((one for one in newest if one.post == "assignee" and one.until is None), None)
    return Held(now=now, by_rules=now is not None and now.by == "Errata", all=newest[:_HELD_MAX])


def why(outcome: Outcome, *, deputy: Person | None = None) -> Why:
    """A decision with its numbers."""
    most = max((one.load for one in outcome.considered), default=0)
    bars = [
        Bar(
            name=one.name,
            issues=one.issues,
            load=one.load,
            share=round(100 * one.load / most) if most else 0,
            note=_note(one.skills, one.instead_of),
            chosen=_chosen(one.id, outcome),
        )
        for one in outcome.considered
    ]
    origin = ORIGINS.get(outcome.matched.origin, outcome.matched.origin) if outcome.matched else ""
    return Why(outcome=outcome, origin=origin, bars=bars, deputy_name=deputy.name if deputy else "")


def why_decided(decision: DecisionView | None) -> Why | None:
    """The decision that was made when the issue's turn came."""
    return why(decision.outcome) if decision else None


def why_tried(trial: Trial) -> Why:
    """The decision that would be made now."""
    return why(trial.outcome, deputy=trial.deputy)


def _note(skills: Sequence[str], instead_of: str) -> str:
    parts = [f"skilled in {', '.join(skills)}" if skills else "", f"for {instead_of}, away" if instead_of else ""]
    return "; ".join(part for part in parts if part)


def _chosen(person: int, outcome: Outcome) -> str:
    if person == outcome.assignee:
        return "assignee"
    return "deputy" if person == outcome.deputy else ""
