"""Secrets that have to be read again: encrypted at rest, with a key made of the installation's own."""

import base64

from django.utils.crypto import salted_hmac

from errata.core.errors import Refusal


class SealBroken(Refusal):
    """It was sealed under another secret key."""

    code = "seal_broken"
    status = 409


def seal(plain: bytes) -> bytes:
    """Encrypt."""
    # Loaded by who saves a channel and by the sender: intake and most pages do without its 6 MB.
    from cryptography.fernet import Fernet

    return Fernet(_key()).encrypt(plain)


def unseal(sealed: bytes) -> bytes:
    """Decrypt. Raises SealBroken when the secret key is another one now."""
    from cryptography.fernet import Fernet, InvalidToken  # as above: only where a channel is used

    try:
        return Fernet(_key()).decrypt(sealed)
    except InvalidToken:
        msg = "The channel's address was saved under another secret key of this installation. Give it again."
        raise SealBroken(msg) from None


def derived_key(purpose: str) -> bytes:
    """A key for one purpose, out of the installation's secret key."""
    return salted_hmac(f"errata.notices.{purpose}", "key", algorithm="sha256").digest()


def _key() -> bytes:
    return base64.urlsafe_b64encode(derived_key("channels"))
