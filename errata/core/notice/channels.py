"""What kinds of channels there are, and what each needs."""

import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from errata.core.errors import Refusal

ChannelKind = Literal["email", "slack", "teams", "discord", "webhook", "apprise"]
HOURLY_MAX = 60
_HOURLY_LIMIT = 10_000
_ADDRESSES_MAX = 50
_URL_CHARS_MAX = 2_000
_MAIL = re.compile(r"[^@\s<>,;:()\[\]\"\\]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")
_SCHEME = re.compile(r"[a-z0-9][a-z0-9+.-]*://.+", re.IGNORECASE)


class ChannelRefused(Refusal):
    """A channel that can't be."""

    code = "channel_refused"
    status = 422


class KindOfChannel(msgspec.Struct, frozen=True):
    """What a form says of a kind."""

    slug: ChannelKind
    name: str
    address: str
    help: str
    example: str


_ALL = (
    KindOfChannel("email", "E-mail", "Addresses", "One or several, separated by commas.", "team@example.org"),
    KindOfChannel(
        "slack", "Slack", "Webhook address",
        "In Slack: Apps → Incoming Webhooks → Add. Mattermost and Rocket.Chat take the same form.",
        "https://hooks.slack.com/services/…",
    ),
    KindOfChannel(
        "teams", "Microsoft Teams", "Workflow address",
        "In Teams: the channel's … → Workflows → “Post to a channel when a webhook request is received”.",
        "https://….logic.azure.com/workflows/…",
    ),
    KindOfChannel(
        "discord", "Discord", "Webhook address", "In Discord: Edit Channel → Integrations → Webhooks.",
        "https://discord.com/api/webhooks/…",
    ),
    KindOfChannel(
        "webhook", "Webhook", "Address", "Gets JSON, signed by the Standard Webhooks. The secret is shown once.",
        "https://example.org/errata",
    ),
    KindOfChannel(
        "apprise", "Other (apprise)", "Apprise address",
        "Over 100 services, each by one address: ntfy, Telegram, Matrix, Google Chat, PagerDuty, Opsgenie, Pushover …",
        "ntfys://ntfy.sh/my-topic",
    ),
)  # fmt: skip
CHANNEL_KINDS: Mapping[str, KindOfChannel] = {kind.slug: kind for kind in _ALL}


class Address(msgspec.Struct, frozen=True):
    """Where a channel leads: all of it is secret."""

    url: str = ""
    secret: str = ""
    addresses: tuple[str, ...] = ()


def checked_address(kind: str, text: str) -> Address:
    """The address of a kind, as a person types it. Raises ChannelRefused."""
    if kind not in CHANNEL_KINDS:
        raise ChannelRefused(f"There is no kind of channel {kind}. One of: {', '.join(CHANNEL_KINDS)}.", field="kind")
    tidy = text.strip()
    if kind == "email":
        return Address(addresses=_addresses(tidy))
    if not tidy or len(tidy) > _URL_CHARS_MAX:
        raise ChannelRefused("A channel needs the address to send to.", field="address")
    if kind == "apprise":
        if not _SCHEME.fullmatch(tidy):
            raise ChannelRefused(
                "An apprise address begins with a service, like ntfys:// or tgram://.", field="address"
            )
        return Address(url=tidy)
    try:
        parts = urlsplit(tidy)
        good = parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good:
        raise ChannelRefused("The address must begin with https:// and name a host.", field="address")
    return Address(url=tidy)


def checked_hourly(most: int) -> int:
    """The most messages an hour. Raises ChannelRefused."""
    if not 1 <= most <= _HOURLY_LIMIT:
        raise ChannelRefused(f"Between 1 and {_HOURLY_LIMIT:,} messages an hour.", field="hourly_max")
    return most


def hint(kind: str, address: Address) -> str:
    """What may be shown of an address: enough to tell two channels apart, too little to use one."""
    if kind == "email":
        return ", ".join(address.addresses)[:120]
    scheme = address.url.partition("://")[0].casefold()
    # In an apprise address even the host may be a token.
    host = "" if kind == "apprise" else (urlsplit(address.url).hostname or "")
    return f"{scheme}://{host}…"[:120]


def _addresses(text: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(part.strip() for part in re.split(r"[,;\s]+", text) if part.strip()))
    wrong = [part for part in found if not _MAIL.fullmatch(part)]
    if wrong or not found:
        raise ChannelRefused(f"“{wrong[0] if wrong else ''}” is no e-mail address.", field="address")
    if len(found) > _ADDRESSES_MAX:
        raise ChannelRefused(f"At most {_ADDRESSES_MAX} addresses. A mailing list has room for more.", field="address")
    return found
