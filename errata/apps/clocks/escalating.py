"""The steps of an escalation: tell, hand over to the deputy, raise the priority, or go along a chain of people."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from errata.apps.accounts.queries import system_actor
from errata.apps.accounts.types import Actor
from errata.apps.clocks.models import Chain, Escalation
from errata.apps.clocks.reckoning import Row, find_row
from errata.apps.clocks.telling import people
from errata.apps.issues import operations as issues
from errata.apps.issues import queries as issue_queries
from errata.apps.issues.types import Changed, Life
from errata.apps.notices.operations import notify, post
from errata.apps.records import together
from errata.core.errors import Refusal
from errata.core.recipients import channel_named
from errata.core.sla import EscalationStep
from errata.core.vocabulary import PRIORITIES

_RUNG_AT_ONCE = 100
_HANDED_OVER = "Handed over to"


class Step(msgspec.Struct, frozen=True):
    """A step that is being taken."""

    rule: EscalationStep
    place: int
    clock: Row
    life: Life
    at: datetime

    @property
    def by(self) -> Actor:
        return system_actor(self.life.organization_id)

    @property
    def words(self) -> str:
        what = "has run out" if self.rule.percent == 100 else f"is at {self.rule.percent} %"
        return f"The {self.clock.kind} time of {self.life.key} {what}."

    def run(self) -> dict[str, object]:
        """What tells this step from all others: it is taken once."""
        return {
            "issue_id": self.life.issue_id,
            "kind": self.clock.kind,
            "started_at": self.clock.started_at,
            "target_s": self.clock.target_s,
            "percent": self.rule.percent,
            "position": self.place,
        }


def take(rule: EscalationStep, *, place: int, clock: Row, life: Life, due_at: datetime | None, at: datetime) -> None:
    """Take a step, and keep a record of it. Belongs in the transaction that notes how far the escalation has come."""
    step = Step(rule, place, clock, life, at)
    if Escalation.objects.filter(**step.run(), link=0).exists():
        return
    try:
        told, outcome = _ACTIONS[rule.action](step)
    except Refusal as refusal:
        told, outcome = [], f"Not possible: {refusal.message}"
    _record(step, told=told, outcome=outcome, due_at=due_at)


def ring(*, at: datetime) -> bool:
    """Tell the next of each chain whose turn has come. Return whether there is more."""
    # A chain in an archived project waits where it is, and goes on once that is back in use.
    used = Chain.objects.filter(issue__project__archived_at=None)
    due = used.filter(next_at__lte=at).order_by("next_at", "id")
    if not due.exists():
        return False
    with together():
        chains = list(due[:_RUNG_AT_ONCE])
        lives = {life.issue_id: life for life in issue_queries.lives({chain.issue_id for chain in chains}, kinds=())}
        for chain in chains:
            _ring(chain, lives.get(chain.issue_id), at=at)
        return due.exists()


def acknowledge(*, key: str, by: Actor, at: datetime) -> Changed:
    """Say that one has seen it and is at it: chains end, and it counts as a response."""
    with together():
        changed = issues.remark(key=key, kind="acknowledged", by=by, at=at)
        issue_id = issue_queries.issue(actor=by, key=changed.key).row.id
        open_chains = Chain.objects.filter(issue_id=issue_id, next_at__isnull=False)
        open_chains.update(next_at=None, ended=f"{by.name} acknowledged"[:120])
        return changed


def _tell(step: Step, words: Sequence[str], *, link: int = 0) -> list[str]:
    found = people(words, step.life)
    dedupe = ":".join(map(str, ("clock", *step.run().values(), link)))
    because = f"because its {step.clock.kind} time is at {step.rule.percent} %"
    telling: dict[str, Any] = {
        "issue_id": step.life.issue_id, "kind": "clock", "text": step.words, "dedupe": dedupe, "at": step.at
    }  # fmt: skip
    if found:
        notify(**telling, to=[person.id for person in found], reason=f"{because} and you are to know")
    telling |= {"organization_id": step.life.organization_id, "reason": f"{because} and this channel is to know"}
    channels = [name for word in words if (name := channel_named(word))]
    told = [name for name in channels if post(**telling, channel=name)]
    return [*(person.name or person.email for person in found), *told]


def _notify(step: Step) -> tuple[list[str], str]:
    told = _tell(step, step.rule.to)
    return told, f"Told {', '.join(told)}" if told else f"Nobody to tell: {', '.join(step.rule.to)}"


def _deputise(step: Step) -> tuple[list[str], str]:
    """The deputy takes over, and who held it stands by."""
    life = step.life
    if not life.deputy_id:
        return [], "It has no deputy to hand over to"
    if _was_handed_over(step):
        return [], "It was handed over already"
    issues.assign_issue(key=life.key, to=life.deputy_id, deputy=life.assignee_id, by=step.by, at=step.at)
    told = _tell(step, ("deputy", "assignee"))
    return told, f"{_HANDED_OVER} {told[0] if told else 'the deputy'}"


def _was_handed_over(step: Step) -> bool:
    """Whether this run's other clock or an earlier step did, and nobody has reassigned it by hand since.

    The deputy is then who let the time go by: a second hand-over would give it back.
    """
    runs = Escalation.objects.filter(
        issue_id=step.life.issue_id, action="deputise", outcome__startswith=_HANDED_OVER, at__gte=step.clock.started_at
    )
    last = runs.order_by("-at").values_list("at", flat=True).first()
    if last is None:
        return False
    deeds = [deed for life in issue_queries.lives([step.life.issue_id], kinds=("assignee",)) for deed in life.deeds]
    return not any(deed.at > last and not deed.machine for deed in deeds)


def _raise_priority(step: Step) -> tuple[list[str], str]:
    place = PRIORITIES.index(step.life.priority) + 1 if step.life.priority in PRIORITIES else len(PRIORITIES)
    if place >= len(PRIORITIES):
        return [], f"Its priority is {step.life.priority} already"
    issues.update_issue(key=step.life.key, priority=PRIORITIES[place], by=step.by, at=step.at)
    return [], f"Priority {step.life.priority} \u2192 {PRIORITIES[place]}"


def _chain(step: Step) -> tuple[list[str], str]:
    """The first of the chain is told within a second, by ring, as all others are."""
    run = step.run()
    Chain.objects.get_or_create(
        **run, defaults={"to": list(step.rule.to), "every_min": step.rule.every_min, "link": 0, "next_at": step.at}
    )
    return [], f"Tells {', then '.join(step.rule.to)}, until one acknowledges"


_ACTIONS: dict[str, Callable[[Step], tuple[list[str], str]]] = {
    "notify": _notify,
    "deputise": _deputise,
    "raise_priority": _raise_priority,
    "chain": _chain,
}


def _ring(chain: Chain, life: Life | None, *, at: datetime) -> None:
    clock = find_row(issue_id=chain.issue_id, kind=chain.kind, started_at=chain.started_at)
    if clock is None or life is None:
        chain.next_at, chain.ended = None, "The clock has stopped"
        chain.save(update_fields=["next_at", "ended"])
        return
    word = chain.to[chain.link] if chain.link < len(chain.to) else ""
    rule = EscalationStep(chain.percent, "chain", to=(word,), every_min=chain.every_min)
    step, due_at = Step(rule, chain.position, clock, life, at), chain.next_at
    told = _tell(step, (word,), link=chain.link + 1) if word else []
    chain.link += 1
    more = chain.link < len(chain.to)
    chain.next_at = at + timedelta(minutes=chain.every_min) if more else None
    chain.ended = "" if more else "Nobody acknowledged"
    chain.save(update_fields=["link", "next_at", "ended"])
    outcome = f"Told {', '.join(told)}" if told else f"Nobody to tell: {word}"
    _record(step, told=told, outcome=outcome, due_at=due_at, link=chain.link)


def _record(step: Step, *, told: Sequence[str], outcome: str, due_at: datetime | None, link: int = 0) -> None:
    Escalation.objects.create(
        **step.run(),
        link=link,
        organization_id=step.life.organization_id,
        action=step.rule.action,
        told=list(told),
        outcome=outcome[:300],
        due_at=due_at,
        at=step.at,
    )
    after = {"clock": step.clock.kind, "percent": step.rule.percent, "action": step.rule.action, "told": list(told)}
    try:
        issues.remark(key=step.life.key, kind="escalated", after=after, reason=outcome, by=step.by, at=step.at)
    except issues.IssueMerged:
        return  # It goes on elsewhere; the record of the step is enough.
