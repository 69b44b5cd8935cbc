"""The rules of proof: what is known of a fix → a verdict, each proof with its state, numbers and words."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from errata.core.retest.silence import chance_of_silence, exposure_needed, occurrences
from errata.core.retest.types import (
    CheckResult,
    Environment,
    Facts,
    Fix,
    Prior,
    Proof,
    ProofState,
    Recurrence,
    Verdict,
)

# Old instances are still ending, and clients send what they had waiting, when a deploy is reported: what then comes
# without a release is not held against the fix. Rolling deploys end within minutes.
SETTLING: Final = timedelta(minutes=5)
# Whatever the rate was: shorter silence than this is a deploy's own quiet.
EXPOSURE_MIN_H: Final = 1 / 6
# A rate from less than a day isn't one: it began with a burst, and nights are quieter.
_PRIOR_MIN_H: Final = 24.0
# Longer than this nobody should wait; the words then say so.
_PATIENCE: Final = timedelta(days=60)
_HOUR: Final = timedelta(hours=1)


def judge(facts: Facts) -> Verdict:
    """Decide whether the fix is proven, refuted, or to be waited for."""
    released = _released(facts)
    begun = _begun(facts, released)
    proofs = (released, _checked(facts), _silent(facts, begun))
    return _verdict(proofs)


def counting_from(facts: Facts) -> datetime | None:
    """The moment from which on silence counts; None while the fix isn't running."""
    return _begun(facts, _released(facts))


def _verdict(proofs: tuple[Proof, ...]) -> Verdict:
    failed = [proof for proof in proofs if proof.state == "fail"]
    if failed:
        return Verdict("fail", " ".join(proof.words for proof in failed), proofs)
    waiting = [proof for proof in proofs if proof.state == "wait"]
    if waiting:
        moments = [proof.ready_at for proof in waiting]
        ready = None if None in moments else max(moment for moment in moments if moment)
        return Verdict("wait", waiting[0].words, proofs, ready_at=ready)
    if all(proof.state == "none" for proof in proofs):
        words = "There is nothing to prove it by: no commit, no check, no events. A person decides."
        return Verdict("wait", words, proofs)
    return Verdict("pass", " ".join(proof.words for proof in proofs if proof.state == "pass"), proofs)


def _released(facts: Facts) -> Proof:
    fixes = [fix for fix in facts.fixes if not fix.reverted_by]
    if not facts.fixes:
        return Proof("released", "none", "No commit or release is linked as its fix.")
    if not fixes:
        return Proof("released", "fail", _reverted(facts.fixes))
    if not facts.environments:
        return Proof("released", "none", "No release or deploy was ever told, so it can't be known what runs.")
    lost = [place for place in facts.environments if place.lost and place.carries is False]
    if lost:
        return Proof("released", "fail", _went_away(lost[0]), numbers=_places(facts.environments))
    wanted = [place for place in facts.environments if place.occurred]
    missing = [place for place in wanted if place.carries is not True]
    # Met only where nobody tells what runs: then it is enough that it runs somewhere.
    anywhere = any(place.carries for place in facts.environments)
    if missing or not (wanted or anywhere):
        share = (len(wanted) - len(missing)) / max(1, len(wanted))
        words = _not_yet(missing or list(facts.environments), fixes)
        return Proof("released", "wait", words, numbers=_places(facts.environments), share=share)
    running = [place for place in facts.environments if place.carries]
    return Proof("released", "pass", _runs(running, fixes), numbers=_places(facts.environments), share=1.0)


def _begun(facts: Facts, released: Proof) -> datetime | None:
    begun = _running(facts, released)
    # Whose events were refused was not silent.
    return max(begun, facts.listening) if begun and facts.listening else begun


def _running(facts: Facts, released: Proof) -> datetime | None:
    """The moment from which on the fix runs."""
    if released.state == "none":
        return facts.entered
    if released.state != "pass":
        return None
    places = [place for place in facts.environments if place.carries and place.occurred]
    places = places or [place for place in facts.environments if place.carries]
    begun = max((place.since for place in places if place.since), default=facts.entered)
    # The fix ran before it was ever met: there is no rate from before, so what came until the retest is the rate.
    return max(begun, facts.entered) if facts.first_seen and begun <= facts.first_seen else begun


def _checked(facts: Facts) -> Proof:
    red = [check for check in facts.checks if check.state == "failed"]
    green = [check for check in facts.checks if check.state == "passed"]
    pending = [check.name for check in facts.checks if check.state == "pending"] + list(facts.awaited)
    numbers = {"passed": len(green), "failed": len(red), "pending": len(pending)}
    share = len(green) / max(1, len(green) + len(red) + len(pending))
    if red:
        return Proof("checked", "fail", _named("is red", "are red", red), numbers=numbers, share=share)
    if pending:
        words = f"Waiting for {_listed(pending)}."
        return Proof("checked", "wait", words, numbers=numbers, share=share)
    if green:
        return Proof("checked", "pass", _named("is green", "are green", green), numbers=numbers, share=1.0)
    if facts.checks_expected and any(not fix.reverted_by for fix in facts.fixes):
        return Proof("checked", "wait", "No check of the fix was reported yet, and its repository has checks.")
    return Proof("checked", "none", "No test or check is linked, and none was reported for the fix.")


def _silent(facts: Facts, begun: datetime | None) -> Proof:
    prior = facts.prior
    if prior is None or not prior.events:
        return Proof("silent", "none", "No event raised it, so there is no silence to listen to.")
    if begun is None:
        return Proof("silent", "wait", "Silence counts from when the fix runs.")
    counted = [each for each in facts.recurrences if _counts(each, begun)]
    if counted:
        return _happened(counted, facts)
    return _quiet(prior, facts, begun)


def _counts(event: Recurrence, begun: datetime) -> bool:
    if event.carries is False:
        return False
    return event.last_at > (begun if event.carries else begun + SETTLING)


def _happened(counted: Sequence[Recurrence], facts: Facts) -> Proof:
    first = min(counted, key=lambda each: each.first_at)
    events = sum(each.events for each in counted)
    where = " ".join(
        filter(None, (first.release and f"of {first.release}", first.environment and f"in {first.environment}"))
    )
    words = f"It happened again: {_events(events)} since the fix{f', the first {where}' if where else ''}."
    numbers = {
        "events": events,
        "event_id": first.event_id,
        "release": first.release,
        "environment": first.environment,
        "at": first.first_at.isoformat(),
        "ignored": _ignored(facts),
    }
    return Proof("silent", "fail", words, numbers=numbers)


def _quiet(prior: Prior, facts: Facts, begun: datetime) -> Proof:
    hours = max((prior.until - prior.since) / _HOUR, _PRIOR_MIN_H)
    seen = occurrences(prior.events, prior.counts)
    pace = facts.traffic / prior.traffic if facts.traffic and prior.traffic else 1.0
    exposure = max(0.0, (facts.now - begun) / _HOUR) * pace
    needed = max(EXPOSURE_MIN_H, exposure_needed(occurrences=seen, hours=hours))
    chance = chance_of_silence(occurrences=seen, hours=hours, exposure=exposure)
    left = timedelta(hours=min((needed - exposure) / pace, 24 * 36_500))
    done = exposure >= needed
    numbers = {
        "prior_events": prior.events,
        "prior_hours": round(hours, 2),
        "occurrences": round(seen, 2),
        "per_day": round(seen / hours * 24, 2),
        "exposure_hours": round(exposure, 2),
        "needed_hours": round(needed, 2),
        "hours_left": round(max(0.0, left / _HOUR), 2),
        "chance": round(chance, 6),
        "traffic": round(pace, 3),
        "since": begun.isoformat(),
        "ignored": _ignored(facts),
    }
    words = _silence_words(prior, seen=seen, hours=hours, exposure=exposure, chance=chance, left=None if done else left)
    state: ProofState = "pass" if done else "wait"
    ready = None if done else facts.now + left
    return Proof("silent", state, words, numbers=numbers, ready_at=ready, share=min(1.0, exposure / needed))


def _silence_words(
    prior: Prior, *, seen: float, hours: float, exposure: float, chance: float, left: timedelta | None
) -> str:
    rate = f"about {_number(seen / hours * 24)} a day before"
    if prior.events >= 1.5 * seen:
        rate += f" ({prior.events:,} events in bursts of about {_number(prior.events / seen)})"
    if left is None:
        percent = _number(100 * max(chance, 0.0001))
        return (
            f"Silent for {duration(timedelta(hours=exposure))}, {rate}: if it still happened half as often, "
            f"such silence would have a chance of {percent} %."
        )
    more = f"{duration(left)} more at this rate"
    rare = (
        " It is too rare to be proven by silence soon: a person can pass it with a reason." if left > _PATIENCE else ""
    )
    return f"Silent for {duration(timedelta(hours=exposure))}, {rate}: {more} until that means something.{rare}"


def duration(length: timedelta) -> str:
    """A length of time in the unit that people would say it in."""
    minutes = max(0, round(length.total_seconds() / 60))
    if minutes < 90:
        return f"{minutes} min"
    hours = round(minutes / 60)
    if hours <= 72:
        return f"{hours} h"
    return f"{round(hours / 24):,} days"


def _ignored(facts: Facts) -> dict[str, int]:
    """The events of releases that don't have the fix: counted, but not held against it."""
    found: dict[str, int] = {}
    for each in facts.recurrences:
        if each.carries is False:
            found[each.release] = found.get(each.release, 0) + each.events
    return found


def _reverted(fixes: Sequence[Fix]) -> str:
    last = max(fixes, key=lambda fix: fix.at)
    return f"The fix {last.name} was taken back by {last.reverted_by}."


def _went_away(place: Environment) -> str:
    return f"{place.name} runs {place.running}, which lacks the fix; {place.lost}, which had it, is gone from there."


def _not_yet(missing: Sequence[Environment], fixes: Sequence[Fix]) -> str:
    place = missing[0]
    fix = _listed([fix.name for fix in fixes])
    if not place.running:
        return f"Nothing that has {fix} was deployed to {place.name} yet."
    if place.carries is None:
        return f"{place.name} runs {place.running}, of which it isn't known whether it has {fix}."
    return f"{place.name} runs {place.running}, which doesn't have {fix} yet."


def _runs(places: Sequence[Environment], fixes: Sequence[Fix]) -> str:
    fix = _listed([fix.name for fix in fixes])
    where = _listed([f"{place.running} in {place.name}" for place in places])
    return f"{fix} runs: {where}."


def _places(environments: Sequence[Environment]) -> dict[str, list[dict[str, str | bool | None]]]:
    rows: list[dict[str, str | bool | None]] = [
        {
            "environment": place.name,
            "running": place.running,
            "carries": place.carries,
            "occurred": place.occurred,
            "since": place.since.isoformat() if place.since else None,
        }
        for place in environments
    ]
    return {"environments": rows}


def _named(one: str, many: str, checks: Sequence[CheckResult]) -> str:
    names = [f"{check.name} on {check.on}" if check.on else check.name for check in checks]
    return f"{_listed(names)} {one if len(names) == 1 else many}."


def _listed(names: Sequence[str]) -> str:
    shown = list(dict.fromkeys(names))
    if len(shown) > 4:
        shown = [*shown[:3], f"{len(shown) - 3} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _events(count: int) -> str:
    return "one event" if count == 1 else f"{count:,} events"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"
