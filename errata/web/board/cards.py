"""Cards as HTML. A board has hundreds, of which few changed since somebody last looked: each is drawn once."""

import hashlib
from datetime import datetime
from functools import lru_cache

import msgspec
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from errata.apps.issues.types import IssueRow
from errata.core.vocabulary import CLOSED_CATEGORIES
from errata.web.templatetags.cards import ring
from errata.web.templatetags.ui import distance

# Days in a stage from which a card looks its age: a look in, a week, two.
_AGES = (3, 7, 14)
# Some 4 kB each: four megabytes of a worker, for what a few teams have open.
_KEPT_MAX = 1_024


class Card(msgspec.Struct, frozen=True):
    """All that a card says. Two that say the same are drawn alike, whoever looks and whenever."""

    issue: IssueRow
    age: int  # 0 to 3: how long it has stood in its stage
    days: int
    since: str  # of its first day, in words
    drops: str  # the number of the ways it may go
    ring: SafeString  # its clock, drawn
    finished: bool
    can_write: bool
    query: str  # what its link goes on with


class _Said:
    """A card as the key of its drawing."""

    __slots__ = ("_digest", "card")

    def __init__(self, card: Card) -> None:
        self.card = card
        # The hook is for the one thing that has no encoding, a SafeString.
        said = msgspec.msgpack.encode(card, enc_hook=str.encode)
        self._digest = hashlib.blake2b(said, digest_size=16).digest()

    def __hash__(self) -> int:
        return hash(self._digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Said) and other._digest == self._digest


def drawn(row: IssueRow, *, drops: str, now: datetime, can_write: bool, query: str = "") -> SafeString:
    """The card of an issue."""
    finished = row.category in CLOSED_CATEGORIES
    days = max(0, (now - row.stage_changed_at).days)
    card = Card(
        issue=row,
        age=0 if finished else sum(days >= bound for bound in _AGES),
        days=days,
        since="" if days or finished else distance(row.stage_changed_at, now=now),
        drops=drops,
        ring=ring(row, now=now),
        finished=finished,
        can_write=can_write,
        query=query,
    )
    return _drawn(_Said(card))


@lru_cache(maxsize=_KEPT_MAX)
def _drawn(said: _Said) -> SafeString:
    values = {"card": said.card, "can_write": said.card.can_write}
    return mark_safe(render_to_string("board/card.html", values).strip())  # noqa: S308 (a template's, without its ends)
