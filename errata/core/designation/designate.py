"""(rules in order, an issue's facts, people) → who gets it, who stands in, and why."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from errata.core.designation.choosing import Candidate, Declined, Pick, candidates, key_of, matching_skills, pick
from errata.core.designation.facts import Facts
from errata.core.designation.matching import PathMapping, find_match, holds_now
from errata.core.designation.rules import DesignationRule, subject_of
from errata.core.designation.staff import Member, Staff


class RuleList(msgspec.Struct, frozen=True):
    """Rules of one origin. The first that is about the issue, and has somebody, decides."""

    name: str  # "ownership", "CODEOWNERS", "template", "team"
    rules: tuple[DesignationRule, ...]
    lines: tuple[int, ...] = ()  # where each is written
    mappings: tuple[PathMapping, ...] = ()


class Matched(msgspec.Struct, frozen=True):
    """The rule that decided, and what of the issue it is about."""

    origin: str
    line: int
    rule: str
    what: str
    key: str  # for the turns
    choose: str = "first"


class Considered(msgspec.Struct, frozen=True):
    """Somebody who could have it, with what spoke for them."""

    id: int
    name: str
    issues: int
    load: int
    skills: tuple[str, ...] = ()
    instead_of: str = ""
    turn: int = 0


class Passed(msgspec.Struct, frozen=True):
    """A rule that is about the issue and gave it to nobody, and why."""

    rule: str
    what: str
    why: str


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who gets the issue, and the whole of why."""

    assignee: int | None = None
    deputy: int | None = None
    reason: str = ""
    deputy_reason: str = ""
    matched: Matched | None = None
    considered: tuple[Considered, ...] = ()
    declined: tuple[Declined, ...] = ()
    passed: tuple[Passed, ...] = ()
    rules: int = 0  # how many were looked at
    complete: bool = True


def designate(lists: Sequence[RuleList], *, facts: Facts, staff: Staff, at: datetime) -> Outcome:
    """Decide who gets the issue. Rules that are about it and have nobody there are passed, and told of."""
    passed: list[Passed] = []
    looked = 0
    for group in lists:
        for index, rule in enumerate(group.rules):
            looked += 1
            what = find_match(rule, facts, mappings=group.mappings)
            if what is None:
                continue
            subject = subject_of(rule)
            if not holds_now(rule, at=at):
                passed.append(Passed(subject, what, f"outside of its hours, {rule.hours}"))
                continue
            if not rule.owners:
                passed.append(Passed(subject, what, f"it names nobody, which ends the {group.name} rules"))
                break
            able, declined = candidates(rule.owners, staff)
            if not able:
                passed.append(Passed(subject, what, _nobody(declined)))
                continue
            line = group.lines[index] if index < len(group.lines) else index + 1
            matched = Matched(group.name, line, subject, what, key_of(rule), rule.choose)
            found = pick(rule.choose, able, rule=rule, facts=facts, staff=staff)
            decided = _decided(rule, matched, found, facts, staff)
            return msgspec.structs.replace(decided, declined=tuple(declined), passed=tuple(passed), rules=looked)
    return Outcome(reason=_unfound(lists, passed), passed=tuple(passed), rules=looked, complete=facts.complete)


def _decided(rule: DesignationRule, matched: Matched, found: Pick, facts: Facts, staff: Staff) -> Outcome:
    chosen = found.ranked[0]
    deputy, deputy_reason = _deputy(rule, found, staff)
    return Outcome(
        assignee=chosen.member.id,
        deputy=deputy.id if deputy else None,
        reason=_sentence(matched, chosen, found.words),
        deputy_reason=deputy_reason,
        matched=matched,
        considered=tuple(_considered(one, rule, facts, staff) for one in found.ranked),
        complete=facts.complete,
    )


def _sentence(matched: Matched, chosen: Candidate, words: str) -> str:
    about = f"{matched.rule} matched {matched.what}" if matched.rule != "*" else "the rule for every issue"
    if matched.origin == "team":
        about = "no rule matched, and the team owns the project"
    stands_in = f"; stands in for {chosen.instead_of}, who is away" if chosen.instead_of else ""
    return f"{about}; {words}{stands_in}"


def _deputy(rule: DesignationRule, found: Pick, staff: Staff) -> tuple[Member | None, str]:
    """Who holds it when the assignee can't: named by the rule, else the next in it, else somebody of their teams."""
    chosen = found.ranked[0].member
    named = [one for one in candidates(rule.deputies, staff)[0] if one.member.id != chosen.id]
    if named:
        return named[0].member, "named by the rule"
    if len(found.ranked) > 1:
        return found.ranked[1].member, f"next by the same rule, of {len(found.ranked)}"
    teams = [f"#{team}" for team in chosen.teams]
    mates = [one for one in candidates(teams, staff)[0] if one.member.id != chosen.id]
    if not mates:
        return None, "nobody else is in the rule or in the assignee’s teams"
    best = min(mates, key=lambda one: (staff.load(one.member).weight, one.member.id))
    return best.member, f"least load of {len(mates)} in #{best.team} beside the assignee"


def _considered(one: Candidate, rule: DesignationRule, facts: Facts, staff: Staff) -> Considered:
    load = staff.load(one.member)
    return Considered(
        id=one.member.id,
        name=one.member.name or one.member.email,
        issues=load.issues,
        load=load.weight,
        skills=tuple(matching_skills(one.member, rule=rule, facts=facts)) if rule.choose == "skill" else (),
        instead_of=one.instead_of,
        turn=staff.turns.get(key_of(rule), {}).get(one.member.id, 0),
    )


def _nobody(declined: Sequence[Declined]) -> str:
    told = [f"{one.who}: {one.why}" for one in declined[:5]]
    more = len(declined) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more > 0 else "")


def _unfound(lists: Sequence[RuleList], passed: Sequence[Passed]) -> str:
    total = sum(len(group.rules) for group in lists)
    if not total:
        return "there are no rules for this project, and no team owns it"
    return f"none of {total} rules has somebody for it" if passed else f"none of {total} rules is about it"
