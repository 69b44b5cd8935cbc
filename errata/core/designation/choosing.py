"""Choosing among the owners of a rule."""

from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b

import msgspec

from errata.core.designation.facts import Facts
from errata.core.designation.rules import CHOICES, Choice, DesignationRule, format_rule
from errata.core.designation.staff import Member, Staff


class Candidate(msgspec.Struct, frozen=True):
    """Somebody who could take it, where in the rule they come from, and whom they stand in for."""

    member: Member
    place: int  # of the owner in the rule
    team: str = ""
    instead_of: str = ""


class Declined(msgspec.Struct, frozen=True):
    """An owner who can't take it, and why."""

    who: str
    why: str


class Pick(msgspec.Struct, frozen=True):
    """The candidates, best first, and how the best was told from the others."""

    ranked: tuple[Candidate, ...]
    words: str


def key_of(rule: DesignationRule) -> str:
    """What tells rules apart, for their turns: the line itself, so that a changed rule begins anew."""
    return blake2b(format_rule(rule).encode(), digest_size=8).hexdigest()


def candidates(owners: Sequence[str], staff: Staff) -> tuple[list[Candidate], list[Declined]]:
    """Who of the owners can take an issue, each once, in the order of the rule; and who can't."""
    by_id = {member.id: member for member in staff.members}
    found: dict[int, Candidate] = {}
    declined: dict[str, Declined] = {}
    for place, owner in enumerate(owners):
        members = _members(owner, staff)
        if not members:
            declined[owner] = Declined(owner, "nobody here" if "@" in owner else "no such team, or nobody in it")
        for member in members:
            taker, why = _taker(member, by_id)
            if taker is None:
                declined[member.email] = Declined(member.name or member.email, why)
            else:
                team = owner[1:] if owner.startswith("#") else ""
                instead_of = "" if taker is member else member.name or member.email
                one = Candidate(member=taker, place=place, team=team, instead_of=instead_of)
                # Who is an owner in their own right stands in for nobody.
                if taker.id not in found or (found[taker.id].instead_of and not instead_of):
                    found[taker.id] = one
    return list(found.values()), list(declined.values())


def pick(choice: Choice, among: Sequence[Candidate], *, rule: DesignationRule, facts: Facts, staff: Staff) -> Pick:
    """Rank the candidates by the rule's choice. Ties go to the lesser load, then to the order of the rule."""
    rank, words = _RANKS[choice](among, rule, facts, staff)

    def order(candidate: Candidate) -> tuple[object, ...]:
        return (*rank(candidate), candidate.place, candidate.member.id)

    return Pick(ranked=tuple(sorted(among, key=order)), words=words if len(among) > 1 else "its only owner there")


def matching_skills(member: Member, *, rule: DesignationRule, facts: Facts) -> list[str]:
    """Which of the person's skills the issue asks for."""
    wanted = {word.casefold() for word in rule.skills or _words_of(facts)}
    return [skill for skill in member.skills if skill.casefold() in wanted]


Rank = Callable[[Candidate], tuple[int, ...]]


def _members(owner: str, staff: Staff) -> list[Member]:
    named = owner.strip().casefold()  # a template's were written in a form
    if named.startswith("#"):
        return [member for member in staff.members if named[1:] in member.teams]
    return [member for member in staff.members if member.email == named]


def _taker(member: Member, by_id: dict[int, Member]) -> tuple[Member | None, str]:
    """The member, or who stands in while they are away; else why neither."""
    if why := _unable(member):
        return None, why
    if member.away_until is None:
        return member, ""
    away = f"away until {member.away_until:%Y-%m-%d %H:%M} UTC"
    stand_in = by_id.get(member.stand_in or 0)
    if stand_in is None or _unable(stand_in) or stand_in.away_until is not None:
        return None, away
    return stand_in, ""


def _unable(member: Member) -> str:
    if not member.active:
        return "not active any more"
    return "" if member.may_work else "may look, not work"


def _first(among: Sequence[Candidate], _: DesignationRule, __: Facts, staff: Staff) -> tuple[Rank, str]:
    # A team is one owner: within it, whoever holds least, so that it isn't always the same one.
    first = min(among, key=lambda one: one.place)
    mates = sum(one.place == first.place for one in among)
    words = f"least load of {mates} in #{first.team}" if first.team and mates > 1 else "first of the rule’s owners"
    return lambda one: (one.place, staff.load(one.member).weight), words


def _round_robin(among: Sequence[Candidate], rule: DesignationRule, __: Facts, staff: Staff) -> tuple[Rank, str]:
    turns = staff.turns.get(key_of(rule), {})
    return lambda one: (turns.get(one.member.id, 0),), f"round robin: longest without a turn of {len(among)}"


def _least_load(among: Sequence[Candidate], _: DesignationRule, __: Facts, staff: Staff) -> tuple[Rank, str]:
    return lambda one: (staff.load(one.member).weight, staff.load(one.member).issues), f"least load of {len(among)}"


def _skill(among: Sequence[Candidate], rule: DesignationRule, facts: Facts, staff: Staff) -> tuple[Rank, str]:
    found = {one.member.id: matching_skills(one.member, rule=rule, facts=facts) for one in among}
    most = max(among, key=lambda one: len(found[one.member.id]))
    if not found[most.member.id]:
        return _least_load(among, rule, facts, staff)[0], f"nobody has the skill; least load of {len(among)}"

    def rank(one: Candidate) -> tuple[int, ...]:
        return -len(found[one.member.id]), staff.load(one.member).weight

    best = min(among, key=lambda one: (*rank(one), one.place, one.member.id))
    return rank, f"skilled in {', '.join(found[best.member.id])}; best of {len(among)}"


def _on_duty(among: Sequence[Candidate], rule: DesignationRule, facts: Facts, staff: Staff) -> tuple[Rank, str]:
    rank, words = _first(among, rule, facts, staff)
    if not any(one.member.id in staff.on_duty for one in among):
        return rank, f"nobody of them is on duty; {words}"
    return lambda one: (one.member.id not in staff.on_duty, *rank(one)), "on duty now"


def _words_of(facts: Facts) -> Iterator[str]:
    yield from facts.labels
    yield facts.type
    yield facts.platform
    yield from (value for _, value in facts.tags)
    yield from (frame.module.partition(".")[0] for frame in facts.frames if frame.in_app and frame.module)


_RANKS: dict[Choice, Callable[[Sequence[Candidate], DesignationRule, Facts, Staff], tuple[Rank, str]]] = {
    "first": _first,
    "round_robin": _round_robin,
    "least_load": _least_load,
    "skill": _skill,
    "on_duty": _on_duty,
}
assert set(_RANKS) == set(CHOICES)
