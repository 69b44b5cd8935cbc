"""Replies to mails: the address that says who answers to what, and the mails that nobody wrote."""

import base64
import hashlib
import hmac
import struct
from collections.abc import Mapping
from typing import NamedTuple

_PREFIX = "reply+"
_IDS = struct.Struct(">QQ")
_SIGNATURE_BYTES = 16  # 128 bits, which leaves the local part within the 64 letters that mail allows
# What vacation programs, lists and mail servers say of themselves: RFC 3834, and the habits from before it.
_BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
_ROBOTS = ("mailer-daemon@", "postmaster@", "noreply@", "no-reply@", "bounce")


class Answerable(NamedTuple):
    """Who may answer, and to which issue."""

    user_id: int
    issue_id: int


def address(to: Answerable, *, domain: str, key: bytes) -> str:
    """The address that a mail is answered to. It works for one person and one issue."""
    ids = _IDS.pack(*to)
    token = base64.b32encode(ids + _signature(ids, key)).decode().rstrip("=").lower()
    return f"{_PREFIX}{token}@{domain}"


def opened(text: str, *, key: bytes) -> Answerable | None:
    """Who answers to what, by an address; None unless it is one of ours."""
    local = text.strip().partition("@")[0].casefold()
    if not local.startswith(_PREFIX):
        return None
    token = local.removeprefix(_PREFIX).upper()
    try:
        found = base64.b32decode(token + "=" * (-len(token) % 8))
    except ValueError:
        return None
    # The last letter has bits to spare: of the spellings that decode alike, only the one that was sent is ours.
    if base64.b32encode(found).decode().rstrip("=") != token:
        return None
    ids, signature = found[: _IDS.size], found[_IDS.size :]
    if len(ids) != _IDS.size or not hmac.compare_digest(signature, _signature(ids, key)):
        return None
    return Answerable(*_IDS.unpack(ids))


def by_a_machine(headers: Mapping[str, str]) -> str:
    """Why a mail is no person's, or "". Answering such mails, or taking them for comments, is how loops begin."""
    if headers.get("auto-submitted", "no").split(";")[0].strip().casefold() != "no":
        return "it says that it was sent automatically"
    if headers.get("precedence", "").strip().casefold() in _BULK:
        return "it is bulk mail"
    for name in ("x-autoreply", "x-autorespond", "x-autoresponse", "x-errata-message", "list-id", "feedback-id"):
        if headers.get(name):
            return f"it has the header {name}"
    if headers.get("return-path", "").strip() == "<>":
        return "it is a report of a mail server"
    if headers.get("content-type", "").casefold().startswith("multipart/report"):
        return "it is a report of a mail server"
    sender = headers.get("from", "").casefold()
    return "its sender is a program" if any(robot in sender for robot in _ROBOTS) else ""


def _signature(ids: bytes, key: bytes) -> bytes:
    return hmac.digest(key, ids, hashlib.sha256)[:_SIGNATURE_BYTES]
