"""The kinds of notices: what each is called, and where it goes unless a person says otherwise."""

from collections.abc import Mapping

import msgspec

INBOX, EMAIL = "inbox", "email"


class Kind(msgspec.Struct, frozen=True):
    """A kind of notice. `urgent` passes digests and throttles; `mailed` is the default of the e-mail column."""

    slug: str
    name: str
    help: str
    mailed: bool = False
    urgent: bool = False


_ALL = (
    Kind("assigned", "Assigned", "An issue is given to you, or taken from you.", mailed=True),
    Kind("mentioned", "Mentioned", "Somebody writes @you.", mailed=True),
    Kind("escalated", "Clocks", "A clock is at risk or has run out, and you are in its chain.", True, True),
    Kind("regressed", "Regressed", "What was fixed happened again.", mailed=True),
    Kind("spike", "Spike", "Events come much faster than they did.", mailed=True),
    Kind("commented", "Comments", "Somebody comments.", mailed=True),
    Kind("retest", "Retest", "A retest passed or failed.", mailed=True),
    Kind("stage", "Stage", "An issue moves to another stage."),
    Kind("workflow", "Workflow", "A move that names you to be told.", mailed=True),
    Kind("created", "New issues", "An issue appears in a project you subscribe to."),
    Kind("automation", "Rules", "A rule of the team tells you.", mailed=True),
    Kind("changed", "Other changes", "Title, priority, labels, links and the like."),
)
KINDS: Mapping[str, Kind] = {kind.slug: kind for kind in _ALL}
# What callers say of clocks and rules, in the words they have for it.
_SYNONYMS = {
    "escalation": "escalated", "at_risk": "escalated", "breached": "escalated", "breach": "escalated",
    "clock": "escalated", "deputy": "assigned", "unassigned": "assigned", "designated": "assigned",
    "rule": "automation", "revised": "retest",
}  # fmt: skip


def kind_of(slug: str) -> Kind:
    """The kind that a word means. One that is not on the list is a rule's."""
    return KINDS.get(_SYNONYMS.get(slug, slug), KINDS["automation"])
