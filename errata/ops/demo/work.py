"""A little of the shop's week: some of what failed is held, in check, fixed, and part of something larger."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from errata.apps.accounts import queries as accounts
from errata.apps.accounts.types import Actor
from errata.apps.issues import operations, queries
from errata.apps.issues.types import IssueRow
from errata.core.errors import Refusal

# The digest takes a second or two; a machine that is busy with other things takes longer.
_PATIENCE_S = 20.0
# How the titles begin of what somebody holds, and the stages it has gone through since.
_WAYS = {
    "PaymentFailed": (),
    "ConnectionRefusedError": (),
    "KeyError: 'CHF'": (),
    "JSONDecodeError": ("Retest",),
    "TypeError": ("Retest",),
    "ExceptionGroup": ("Retest", "Revise"),
    "ZeroDivisionError": ("Retest", "Fixed"),
    "CardDeclined": ("Closed",),
}
# What a move asks for.
_SAID: dict[str, dict[str, Any]] = {
    "Fixed": {"override": "Checked by hand in the shop: coupons add up again."},
    "Closed": {"reason": "won't fix", "comment": "A card that its bank declines is no error of ours."},
}
_LABELS = {"PaymentFailed": ("bank", "checkout"), "KeyError: 'CHF'": ("checkout",), "OutOfStock": ("warehouse",)}
_WHOLE = "Checkout must survive a slow bank"
_PARTS = ("Give up on the gateway after two seconds", "Say that the payment is pending", "Try again by night")


def work(slugs: Sequence[str], *, kinds: int, by: Actor, now: Callable[[], datetime]) -> int:
    """Work some of the issues as their team would have; return how many. What somebody has touched is left alone."""
    rows = _arrived(slugs, kinds, by=by, now=now)
    if any(row.assignee or not row.count for row in rows):
        return 0
    holder = next(person.email for person in accounts.list_people(actor=by) if person.role == "owner")
    worked = [row for row in rows if _work_one(row, holder, by=by, at=now())]
    payment = next((row for row in rows if row.title.startswith("PaymentFailed")), None)
    return len(worked) + (_plan(payment, holder, by=by, at=now()) if payment else 0)


def _arrived(slugs: Sequence[str], kinds: int, *, by: Actor, now: Callable[[], datetime]) -> list[IssueRow]:
    """The issues of the shop, as soon as all kinds have come."""
    patient_until = time.monotonic() + _PATIENCE_S
    while True:
        rows = queries.list_issues(actor=by, query=f"project:[{','.join(slugs)}]", limit=100, now=now()).items
        if len(rows) >= kinds or time.monotonic() > patient_until:
            return list(rows)
        time.sleep(0.25)


def _work_one(row: IssueRow, holder: str, *, by: Actor, at: datetime) -> bool:
    labels = next((labels for start, labels in _LABELS.items() if row.title.startswith(start)), ())
    if labels:
        operations.update_issue(key=row.key, labels=labels, by=by, at=at)
    way = next((way for start, way in _WAYS.items() if row.title.startswith(start)), None)
    if way is None:
        return bool(labels)
    operations.assign_issue(key=row.key, to=holder, by=by, at=at)
    for stage in way:
        try:
            operations.transition_issue(key=row.key, to=stage, by=by, at=at, **_SAID.get(stage, {}))
        except Refusal:  # The organisation may have another workflow than the one that Errata starts with.
            break
    return True


def _plan(payment: IssueRow, holder: str, *, by: Actor, at: datetime) -> int:
    """Something larger that people wrote down, in parts, and waiting for an error to be fixed."""
    place = payment.project.id
    told = f"Most of {payment.key} is the gateway answering late.\n\n- [x] measured\n- [ ] agreed with the bank"
    whole = operations.create_issue(
        project=place, title=_WHOLE, description=told, priority="High", severity="Major", assignee=holder, by=by, at=at
    )
    for title in _PARTS:
        operations.create_issue(project=place, title=title, parent=whole.key, by=by, at=at)
    operations.link_issues(key=payment.key, kind="blocks", other=whole.key, by=by, at=at)
    operations.comment_on_issue(key=payment.key, body=f"The same bank as in {whole.key}.", by=by, at=at)
    return 1 + len(_PARTS)
