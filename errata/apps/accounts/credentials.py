"""Secrets that are shown once and kept as a hash: tokens, invitations, resets."""

import hashlib
import secrets

# What a scanner of leaked secrets looks for.
TOKEN_PREFIX = "errata_"  # noqa: S105 (only a prefix)
_PREFIX_CHARS = 12


def new_secret(*, prefix: str = "") -> str:
    """256 random bits, in letters that survive any form and any terminal."""
    return prefix + secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """What is stored. 256 bits can't be guessed, so one round of SHA-256 is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def shown_prefix(secret: str) -> str:
    """The part by which a person recognises a token in a list."""
    return secret[:_PREFIX_CHARS]
