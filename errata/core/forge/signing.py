"""Whether a delivery comes from the forge that knows the secret."""

import hashlib
import hmac
from collections.abc import Callable, Mapping


def is_signed(forge: str, *, secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the delivery carries its forge's proof. Header names are in lower case."""
    check = _CHECKS.get(forge)
    return bool(secret) and check is not None and check(secret, headers, body)


def _github(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    return _same(headers.get("x-hub-signature-256", ""), f"sha256={_digest(secret, body)}")


def _gitlab(secret: str, headers: Mapping[str, str], _: bytes) -> bool:
    return _same(headers.get("x-gitlab-token", ""), secret)


def _gitea(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    given = headers.get("x-gitea-signature") or headers.get("x-forgejo-signature", "")
    return _same(given, _digest(secret, body))


def _digest(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())


_CHECKS: Mapping[str, Callable[[str, Mapping[str, str], bytes], bool]] = {
    "github": _github,
    "gitlab": _gitlab,
    "gitea": _gitea,
}
