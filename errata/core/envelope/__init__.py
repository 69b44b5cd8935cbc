"""Bytes → items: framing, the auth forms, and the older store bodies. No I/O."""

from errata.core.envelope.auth import Auth, AuthRefused, find_auth, parse_auth
from errata.core.envelope.split import Envelope, EnvelopeTooLarge, Item, MalformedEnvelope, split
from errata.core.envelope.store import MalformedStoreBody, StoreBodyTooLarge, inflate_base64, split_store

__all__ = [
    "Auth",
    "AuthRefused",
    "Envelope",
    "EnvelopeTooLarge",
    "Item",
    "MalformedEnvelope",
    "MalformedStoreBody",
    "StoreBodyTooLarge",
    "find_auth",
    "inflate_base64",
    "parse_auth",
    "split",
    "split_store",
]
