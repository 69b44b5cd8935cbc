"""Who hears of something that happened to an issue, and why."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Literal

import msgspec

from errata.core.notice.watching import WatchMode, hears, mode_of

SubscriptionMode = Literal["new", "every"]
SUBSCRIPTIONS: Mapping[SubscriptionMode, str] = {
    "new": "New issues, regressions and spikes",
    "every": "Everything that happens",
}
_NEWS = frozenset({"created", "regressed", "spike"})
_KIND_OF = {
    "assignee": "assigned", "deputy": "assigned", "commented": "commented", "stage": "stage", "regressed": "regressed",
    "created": "created", "comment_edited": "", "comment_deleted": "",
    "escalated": "", "clock": "",  # its chain tells whom it is for
}  # fmt: skip
# Of several things told at once the first of these is what it is about.
_STRENGTH = (
    "mentioned", "assigned", "escalated", "workflow", "regressed", "spike", "commented", "retest", "stage", "created",
    "changed",
)  # fmt: skip
_WATCHES_FOR = {
    "chosen": "because you watch it",
    "assigned": "because it was yours",
    "commented": "because you commented",
    "created": "because you reported it",
    "mentioned": "because you were mentioned before",
}
_TEXT_MAX = 300


class Happening(msgspec.Struct, frozen=True):
    """An activity, and what was said with it."""

    kind: str
    actor_id: int | None
    actor_name: str
    before: Mapping[str, Any] = {}
    after: Mapping[str, Any] = {}
    reason: str = ""
    said: str = ""
    mentioned: Collection[int] = ()
    told: Collection[int] = ()  # whom the workflow tells of the move


class Audience(msgspec.Struct, frozen=True):
    """The people around an issue."""

    assignee_id: int | None
    deputy_id: int | None
    watchers: Mapping[int, str]  # person → why
    modes: Mapping[int, WatchMode] = {}  # of those who chose one
    subscribers: Mapping[int, SubscriptionMode] = {}
    project: str = ""


class Heard(msgspec.Struct, frozen=True):
    """What one person is told."""

    kind: str
    reason: str
    text: str


def hearers(happening: Happening, audience: Audience) -> dict[int, Heard]:
    """What each person is told of it. Never the one who did it; who is named is told whatever they watch."""
    text = words_of(happening)
    named = Heard("mentioned", "because you were mentioned", _with_description(happening, text))
    found = dict.fromkeys(happening.mentioned, named)
    for person, reason in _named(happening).items():
        found.setdefault(person, Heard("assigned", reason, text))
    for person in happening.told:
        found.setdefault(person, Heard("workflow", "because the workflow tells you of this move", text))
    kind = _KIND_OF.get(happening.kind, "changed")
    if kind:
        for person, reason in _watching(kind, audience).items():
            found.setdefault(person, Heard(kind, reason, text))
    return {person: heard for person, heard in found.items() if person != happening.actor_id}


def together(all_heard: Iterable[Heard], *, actor_name: str) -> Heard:
    """Several things that one deed brought about, as one: its strongest kind and reason, and all the words."""
    ordered = sorted(all_heard, key=lambda heard: _STRENGTH.index(heard.kind) if heard.kind in _STRENGTH else 99)
    first = ordered[0]
    text = ""
    for sentence in dict.fromkeys(heard.text for heard in ordered):
        # “Bob assigned it to Ann and moved it …”, for it is one person's one deed.
        if text.endswith(".") and sentence.startswith(f"{actor_name} "):
            text = f"{text[:-1]} and{sentence.removeprefix(actor_name)}"
        else:
            text = f"{text} {sentence}".strip()
    return Heard(first.kind, first.reason, text)


def _with_description(happening: Happening, text: str) -> str:
    """The words for who is mentioned: the others know what a description is about, or needn't."""
    if happening.kind in ("created", "description") and happening.said:
        return f"{text.rstrip('.')}: {_short(happening.said)}"
    return text


def spiking(audience: Audience, text: str) -> dict[int, Heard]:
    """What each person is told of events that come much faster."""
    return {person: Heard("spike", reason, text) for person, reason in _watching("spike", audience).items()}


def words_of(happening: Happening) -> str:
    """What happened, as a sentence about “it”."""
    kind = happening.kind
    if kind in _WORDS:
        return _WORDS[kind](happening)
    if kind in _DID:
        return f"{happening.actor_name} {_DID[kind]}."
    return f"{happening.actor_name} changed its {kind.replace('_', ' ')}."


def _created(happening: Happening) -> str:
    if happening.actor_id:
        return f"{happening.actor_name} reported it."
    return happening.reason or "It is new."


def _moved(happening: Happening) -> str:
    return f"{happening.actor_name} moved it {_from_to(happening, 'stage')}{_because(happening)}."


def _changed(happening: Happening) -> str:
    return f"{happening.actor_name} changed the {happening.kind} {_from_to(happening, happening.kind)}."


def _waiting(happening: Happening) -> str:
    on = happening.after.get("waiting_on")
    return f"{happening.actor_name} waits on {on}." if on else f"{happening.actor_name} waits on nobody any more."


def _from_to(happening: Happening, field: str) -> str:
    return f"from {happening.before.get(field)} to {happening.after.get(field)}"


def _because(happening: Happening) -> str:
    return f": {happening.reason.rstrip('.')}" if happening.reason else ""


_DID = {
    "merged": "merged other issues into it", "merged_into": "merged it into another issue",
    "unmerged": "took a merge back", "split": "split a group of events off", "split_from": "split it off another issue",
    "linked": "linked it with another issue", "unlinked": "took a link away",
}  # fmt: skip


def _assigned(happening: Happening) -> str:
    return f"{happening.actor_name} assigned it to {_whom(happening)}{_because(happening)}."


def _deputised(happening: Happening) -> str:
    return f"{happening.actor_name} made {_whom(happening)} its deputy{_because(happening)}."


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _TEXT_MAX else flat[: _TEXT_MAX - 1] + "…"


def _whom(happening: Happening) -> str:
    return (happening.after.get(happening.kind) or {}).get("name") or "nobody"


_WORDS: Mapping[str, Callable[[Happening], str]] = {
    "created": _created,
    "assignee": _assigned,
    "deputy": _deputised,
    "commented": lambda happening: f"{happening.actor_name}: {_short(happening.said)}",
    "comment_edited": lambda happening: f"{happening.actor_name} changed a comment: {_short(happening.said)}",
    "stage": _moved,
    "regressed": lambda happening: f"It happened again: moved {_from_to(happening, 'stage')}.",
    "waiting_on": _waiting,
    "acknowledged": lambda happening: f"{happening.actor_name} has seen that its clock runs out.",
    "title": lambda happening: f"{happening.actor_name} renamed it to “{happening.after.get('title')}”.",
    "priority": _changed,
    "severity": _changed,
    "type": _changed,
}


def _named(happening: Happening) -> dict[int, str]:
    field = happening.kind
    if field not in ("assignee", "deputy"):
        return {}
    now, before = _id(happening.after.get(field)), _id(happening.before.get(field))
    reasons = {}
    if before and before != now:
        reasons[before] = "because it was yours" if field == "assignee" else "because you were its deputy"
    if now:
        reasons[now] = "because it was assigned to you" if field == "assignee" else "because you are its deputy now"
    return reasons


def _watching(kind: str, audience: Audience) -> dict[int, str]:
    found = {}
    for person, why in audience.watchers.items():
        if hears(audience.modes.get(person, mode_of(why)), kind):
            found[person] = _holds(person, audience) or _WATCHES_FOR.get(why, _WATCHES_FOR["chosen"])
    # Who chose a way of watching is told so, even if something took them off the watchers since.
    for person, mode in audience.modes.items():
        if person not in audience.watchers and hears(mode, kind):
            found[person] = _holds(person, audience) or _WATCHES_FOR["chosen"]
    for person, subscription in audience.subscribers.items():
        muted = audience.modes.get(person) == "none"
        if person not in found and not muted and (subscription == "every" or kind in _NEWS):
            found[person] = f"because you subscribe to {audience.project}"
    return found


def _holds(person: int, audience: Audience) -> str:
    if person == audience.assignee_id:
        return "because it is yours"
    return "because you are its deputy" if person == audience.deputy_id else ""


def _id(person: Any) -> int | None:
    return person.get("id") if isinstance(person, Mapping) else None
