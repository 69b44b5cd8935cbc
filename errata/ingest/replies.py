"""What clients hear: status, headers and body, in the form that Sentry's SDKs read."""

from typing import NamedTuple

import msgspec

from errata.core.errors import Refusal

Header = tuple[str, str]

# On every answer, errors included: without Expose-Headers browsers would not see that they are rate limited.
_CORS: list[Header] = [
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "x-sentry-error, x-sentry-rate-limits, retry-after"),
    ("cross-origin-resource-policy", "cross-origin"),
]
_JSON: list[Header] = [*_CORS, ("content-type", "application/json")]
_GIF: list[Header] = [*_CORS, ("content-type", "image/gif"), ("cache-control", "no-store")]
_ALLOWED_HEADERS = (
    "x-sentry-auth, x-requested-with, x-forwarded-for, origin, referer, accept, content-type, authentication,"
    " authorization, content-encoding, transfer-encoding, sentry-trace, baggage"
)
_PREFLIGHT: list[Header] = [
    *_CORS,
    ("access-control-allow-methods", "POST, GET, OPTIONS"),
    ("access-control-allow-headers", _ALLOWED_HEADERS),
    ("access-control-max-age", "3600"),
    ("allow", "POST, GET, OPTIONS"),
]
_PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")

_encode = msgspec.json.Encoder().encode


class Reply(NamedTuple):
    status: int
    headers: list[Header]
    body: bytes


class RateLimit(NamedTuple):
    """How long clients should hold back what, and why."""

    retry_s: int
    categories: tuple[str, ...]  # the SDKs' words
    scope: str
    reason: str

    @property
    def header(self) -> str:
        """The value of X-Sentry-Rate-Limits."""
        return f"{self.retry_s}:{';'.join(self.categories)}:{self.scope}:{self.reason}"


PREFLIGHT = Reply(200, _PREFLIGHT, b"")
PIXEL = Reply(200, _GIF, _PIXEL)


def accepted(event_id: str, limit: RateLimit | None = None) -> Reply:
    """The answer to what is on disk now."""
    headers = [*_JSON, ("x-sentry-rate-limits", limit.header)] if limit else _JSON
    return Reply(200, headers, b'{"id":"%b"}' % event_id.encode() if event_id else b"{}")


def limited(limit: RateLimit) -> Reply:
    """The answer when a quota is exhausted."""
    headers = [*_JSON, ("x-sentry-rate-limits", limit.header), ("retry-after", str(limit.retry_s))]
    detail = f"The quota of this {limit.scope} is exhausted. Try again in {limit.retry_s} s."
    return Reply(429, headers, _encode({"detail": detail, "causes": [limit.reason]}))


def refused(refusal: Refusal, *, causes: list[str] | None = None) -> Reply:
    """The answer to what can't be accepted."""
    headers = [*_JSON, ("x-sentry-error", _header_text(refusal.message))]
    if retry_s := refusal.data.get("retry_s"):
        headers.append(("retry-after", str(retry_s)))
    if allow := refusal.data.get("allow"):
        headers.append(("allow", allow))
    texts = {"detail": _text(refusal.message), "causes": [_text(cause) for cause in causes or [refusal.code]]}
    return Reply(refusal.status, headers, _encode(texts))


def _text(text: str) -> str:
    """A message may quote what a client sent, lone surrogates included, which JSON can't carry."""
    return text.encode("utf-8", "replace").decode()


def _header_text(text: str) -> str:
    """A header holds one line of ASCII."""
    return "".join(char if " " <= char <= "~" else "?" for char in text[:200])
