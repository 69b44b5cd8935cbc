"""What each item type is to us: its kind, its cap, and what the SDKs call its category."""

from collections.abc import Mapping
from typing import NamedTuple

from errata.core import limits
from errata.core.signal import SignalKind


class ItemKind(NamedTuple):
    kind: SignalKind
    bytes_max: int = limits.CONTAINER_BYTES_MAX
    category: str = ""  # the SDKs' word for rate limits; "" = never limited
    is_json: bool = True  # a payload that isn't a JSON object is invalid


UNKNOWN = ItemKind("unknown", limits.ATTACHMENT_BYTES_MAX, is_json=False)

KINDS: Mapping[str, ItemKind] = {
    "event": ItemKind("event", limits.EVENT_BYTES_MAX, "error"),
    "transaction": ItemKind("transaction", category="transaction"),
    "span": ItemKind("span", category="span"),
    "session": ItemKind("session"),
    "sessions": ItemKind("session"),
    "check_in": ItemKind("check_in", limits.CHECK_IN_BYTES_MAX, "monitor"),
    "log": ItemKind("log", category="log_item"),
    "trace_metric": ItemKind("metric", category="trace_metric"),
    "statsd": ItemKind("metric", category="metric_bucket", is_json=False),
    "metric_buckets": ItemKind("metric", category="metric_bucket", is_json=False),
    "feedback": ItemKind("feedback", category="feedback"),
    "user_report": ItemKind("feedback", category="feedback"),
    "attachment": ItemKind("attachment", limits.ATTACHMENT_BYTES_MAX, "attachment", is_json=False),
    "profile": ItemKind("profile", limits.PROFILE_BYTES_MAX, "profile"),
    "profile_chunk": ItemKind("profile", limits.PROFILE_BYTES_MAX, "profile_chunk", is_json=False),
    "profile_chunk_ui": ItemKind("profile", limits.PROFILE_BYTES_MAX, "profile_chunk_ui", is_json=False),
    "replay_event": ItemKind("replay", category="replay"),
    "replay_recording": ItemKind("replay", limits.REPLAY_BYTES_MAX, "replay", is_json=False),
    "replay_video": ItemKind("replay", limits.REPLAY_BYTES_MAX, "replay", is_json=False),
    "client_report": ItemKind("client_report", limits.CLIENT_REPORT_BYTES_MAX),
}

# Everything that a quota refuses: what SDKs are told to hold back.
LIMITED_CATEGORIES = tuple(dict.fromkeys(["error", "default", *(k.category for k in KINDS.values() if k.category)]))

# What may hold secrets that somebody typed or logged. Attachments, profiles and replays are kept as they are.
SCRUBBED: frozenset[SignalKind] = frozenset({"event", "transaction", "span", "log", "feedback"})


def kind_of(item_type: str) -> ItemKind:
    """What an item type is to us; what it isn't yet, is unknown."""
    return KINDS.get(item_type, UNKNOWN)


def counted_as(kind: SignalKind) -> str:
    """The word under which intake counts list a kind: "error" for events, its own name for the others."""
    return "error" if kind == "event" else kind
