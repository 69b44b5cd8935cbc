"""EventFields → EventFacts: title, culprit, level, user, tags: the columns of the event store."""

import re
from typing import Any

from errata.core import limits
from errata.core.event import times
from errata.core.event.browser import of_user_agent
from errata.core.event.fields import (
    Contexts,
    EventFields,
    ExceptionValue,
    ExceptionValues,
    Frame,
    NamedContext,
    Request,
    User,
    crash_frame,
    exceptions,
    main_exception,
)
from errata.core.event.message import message_of
from errata.core.signal import EventFacts
from errata.core.vocabulary import LEVELS

FILTERED = "[Filtered]"

_LEVELS: dict[str, str] = {
    **{level: level for level in LEVELS},
    # Other languages' names …
    "critical": "fatal",
    "warn": "warning",
    "log": "info",
    "information": "info",
    "trace": "debug",
    # … and the numbers of Python's logging, which bunyan shares.
    "50": "fatal",
    "40": "error",
    "30": "warning",
    "20": "info",
    "10": "debug",
}
_PLATFORM = re.compile(r"[a-z0-9_.+-]{1,64}\Z")
_HEX_32 = re.compile(r"[0-9a-f]{32}\Z")
_HEX_16 = re.compile(r"[0-9a-f]{16}\Z")

# Clients whose events come from the machine of the person who met the error: the connection's address is theirs.
_ON_THE_USERS_MACHINE = frozenset({"javascript", "cocoa", "objc"})

# These are columns, or they are facts that a tag could only contradict.
_RESERVED_TAGS = frozenset({"release", "dist", "user", "filename", "function", "environment", "level", "logger"})


def describe(
    event: EventFields, *, fingerprint: int, received_ms: int, sent_at_ms: int | None, client_ip: str, user_agent: str
) -> tuple[EventFacts, int]:
    """The event's facts, and its time in unix milliseconds on our clock.

    `client_ip` and `user_agent` are the connection's; an empty address is never filled in.
    """
    main = main_exception(event)
    frame = crash_frame(event)
    message = message_of(event)
    user = event.user or User()
    sdk = event.sdk
    trace = event.contexts.trace if event.contexts else None
    platform = _platform(event.platform)
    facts = EventFacts(
        fingerprint=fingerprint,
        title=title_of(main, message, frame),
        culprit=culprit_of(event, frame),
        level=level_of(event),
        platform=platform,
        type=_type(event, main),
        exception_type=cut(main.type, limits.SYMBOL_CHARS_MAX) if main else "",
        message=cut((main.value if main else "") or message, limits.FACT_MESSAGE_CHARS_MAX),
        handled=handled_of(event),
        release=release_of(event.release),
        dist=cut(event.dist, limits.DIST_CHARS_MAX),
        environment=environment_of(event),
        transaction=cut(event.transaction, limits.CULPRIT_CHARS_MAX),
        logger=cut(event.logger, limits.LOGGER_CHARS_MAX),
        server_name=cut(event.server_name, limits.SERVER_NAME_CHARS_MAX),
        location=cut(frame.filename or frame.abs_path, limits.SYMBOL_CHARS_MAX) if frame else "",
        trace_id=hex_id(trace.trace_id, _HEX_32) if trace else "",
        span_id=hex_id(trace.span_id, _HEX_16) if trace else "",
        user=user_key(user, ip := _user_ip(event, platform, client_ip)),
        user_id=_known(user.id),
        user_email=_known(user.email),
        user_name=_known(user.username) or _known(user.name),
        user_ip=ip,
        sdk=cut(f"{sdk.name}/{sdk.version}" if sdk.version else sdk.name, 128) if sdk else "",
        tags=tags_of(event, platform, user_agent),
    )
    timestamp_ms = times.corrected(times.milliseconds(event.timestamp), received_ms=received_ms, sent_at_ms=sent_at_ms)
    return facts, timestamp_ms


def event_id_of(*candidates: Any) -> str:
    """The first candidate that is an event id, in its one form: 32 lowercase hex digits. "" when none is."""
    return next((found for one in candidates if (found := hex_id(one, _HEX_32))), "")


def hex_id(value: Any, form: re.Pattern[str]) -> str:
    """An id without dashes in lower case, or "" for what isn't one, nor is all zeros."""
    if not isinstance(value, str):
        return ""
    plain = value.replace("-", "").strip().lower()
    return plain if form.match(plain) and plain.strip("0") else ""


def cut(value: Any, chars_max: int) -> str:
    """A value as one trimmed text without NULs, which PostgreSQL can't hold."""
    if value is None or value == "":
        return ""
    text = value if isinstance(value, str) else str(value)
    if "\0" in text:
        text = text.replace("\0", "")
    text = text.strip()
    return text if len(text) <= chars_max else text[: chars_max - 1] + "…"


def title_of(main: ExceptionValue | None, message: str, frame: Frame | None) -> str:
    """What the issue is called: `Type: first line of what it says`."""
    if main is None:
        return cut(_first_line(message), limits.TITLE_CHARS_MAX) or "No message"
    value = _first_line(main.value or "")
    kind = main.type or (frame.function if frame and not value else "") or ""
    return cut(f"{kind}: {value}" if kind and value else kind or value, limits.TITLE_CHARS_MAX) or "Unknown error"


def _first_line(text: str) -> str:
    return text.lstrip().partition("\n")[0]


def culprit_of(event: EventFields, frame: Frame | None) -> str:
    """Where it failed: the transaction, else module and function of the frame to blame."""
    if named := event.transaction or event.culprit:
        return cut(named, limits.CULPRIT_CHARS_MAX)
    if frame is None:
        return ""
    place = frame.module or frame.filename or ""
    function = frame.function or ""
    joined = f"{place} in {function}" if place and function else place or function
    return cut(joined, limits.CULPRIT_CHARS_MAX)


def level_of(event: EventFields) -> str:
    """One of the five levels, whatever the client calls it."""
    return _LEVELS.get(str(event.level).strip().lower(), "error")


def _type(event: EventFields, main: ExceptionValue | None) -> str:
    if main is not None:
        return "error"
    return "csp" if event.type == "csp" else "default"


def _platform(platform: str | None) -> str:
    named = (platform or "").lower()
    return named if _PLATFORM.match(named) else "other"


def handled_of(event: EventFields) -> int:
    """0 when any exception of the chain was not handled, 1 when one was, -1 when the client doesn't say."""
    said = {one.mechanism.handled for one in exceptions(event) if one.mechanism}
    if isinstance(event.exception, ExceptionValues) and event.exception.mechanism:
        said.add(event.exception.mechanism.handled)
    return 0 if False in said else 1 if True in said else -1


_BAD_RELEASE = re.compile(r"[\x00-\x1f\x7f/\\]")


def release_of(release: Any) -> str:
    """The release, or "" for what no release may be called."""
    text = str(release).strip() if release is not None else ""
    bad = text.lower() in (".", "..", "latest") or len(text) > limits.RELEASE_CHARS_MAX or _BAD_RELEASE.search(text)
    return "" if bad else text


def environment_of(event: EventFields) -> str:
    """The environment, or its `environment` tag; "production" when the client names none that is valid."""
    named = event.environment
    if named is None or named == "":
        named = next((value for key, value in _tag_pairs(event.tags) if key == "environment"), None)
    text = str(named).strip() if named is not None else ""
    bad = text.lower() == "none" or len(text) > limits.ENVIRONMENT_CHARS_MAX or _BAD_RELEASE.search(text)
    return "production" if bad or not text else text


def _known(value: object) -> str:
    text = cut(value, limits.USER_CHARS_MAX)
    return "" if text == FILTERED else text


def user_key(user: User, ip: str) -> str:
    """What tells users apart: the id, else the name they sign in with, the e-mail address, the network address."""
    for kind, value in (("id", user.id), ("username", user.username), ("email", user.email)):
        if known := _known(value):
            return f"{kind}:{known}"
    return f"ip:{ip}" if ip else ""


def _user_ip(event: EventFields, platform: str, client_ip: str) -> str:
    sent = _known(event.user.ip_address) if event.user else ""
    if sent == "{{auto}}":
        return client_ip
    if sent:
        return sent
    env = event.request.env if event.request else None
    if isinstance(env, dict) and isinstance(address := env.get("REMOTE_ADDR"), str) and _known(address):
        return _known(address)
    return client_ip if platform in _ON_THE_USERS_MACHINE and _may_infer_ip(event) else ""


def _may_infer_ip(event: EventFields) -> bool:
    settings = event.sdk.settings if event.sdk else None
    return not (isinstance(settings, dict) and settings.get("infer_ip") == "never")


def tags_of(event: EventFields, platform: str, user_agent: str) -> list[tuple[str, str]]:
    """The client's own tags, and what else people like to count by. What is a column of the facts isn't repeated."""
    tags: dict[str, str] = {}
    for key, value in _tag_pairs(event.tags):
        if key not in _RESERVED_TAGS and len(tags) < limits.TAGS_MAX:
            tags.setdefault(key, value)
    for key, value in _derived_tags(event, platform, user_agent):
        if value and key not in tags:
            tags[key] = value
    return list(tags.items())


def _tag_pairs(tags: Any) -> list[tuple[str, str]]:
    if not tags:
        return []
    pairs = tags.items() if isinstance(tags, dict) else [_pair(one) for one in tags]
    named = (
        (_tag_text(key, limits.TAG_KEY_CHARS_MAX), _tag_text(value, limits.TAG_VALUE_CHARS_MAX)) for key, value in pairs
    )
    return [(key, value) for key, value in named if key and value]


def _pair(one: Any) -> tuple[Any, Any]:
    if isinstance(one, list) and len(one) == 2:
        return one[0], one[1]
    if isinstance(one, dict):
        return one.get("key"), one.get("value")
    return None, None


def _tag_text(value: Any, chars_max: int) -> str:
    if isinstance(value, str):
        if value.isprintable() and len(value) <= chars_max:  # As nearly all are; an event has thirty.
            return value.strip()
    elif isinstance(value, bool):
        return "true" if value else "false"
    elif not isinstance(value, (int, float)):
        return ""
    text = cut(value, chars_max)
    return " ".join(text.split()) if "\n" in text or "\r" in text else text


def _derived_tags(event: EventFields, platform: str, user_agent: str) -> list[tuple[str, str]]:
    contexts = event.contexts or Contexts()
    browser, system = of_user_agent(_user_agent(event.request, platform, user_agent))
    derived = [*_named("os", contexts.os), *_named("runtime", contexts.runtime), *_named("browser", contexts.browser)]
    derived += _named("browser", browser)
    # The server's own system and that of the person at the browser are two things.
    derived += _named("os" if platform == "javascript" and contexts.os is None else "client_os", system)
    if device := contexts.device:
        derived.append(("device", cut(device.model or device.name, limits.TAG_VALUE_CHARS_MAX)))
        derived.append(("device.family", cut(device.family, limits.TAG_VALUE_CHARS_MAX)))
    if event.request and event.request.url:
        derived.append(("url", cut(re.split("[?#]", event.request.url, maxsplit=1)[0], limits.TAG_VALUE_CHARS_MAX)))
    if (main := main_exception(event)) and main.mechanism:
        derived.append(("mechanism", cut(main.mechanism.type, limits.TAG_VALUE_CHARS_MAX)))
    return derived


def _named(kind: str, context: NamedContext | None) -> list[tuple[str, str]]:
    if context is None or not (name := cut(context.name, limits.TAG_VALUE_CHARS_MAX)):
        return []
    full = cut(f"{name} {context.version.strip()}" if context.version else name, limits.TAG_VALUE_CHARS_MAX)
    return [(kind, full), (f"{kind}.name", name)]


def _user_agent(request: Request | None, platform: str, connection: str) -> str:
    headers = request.headers if request else None
    pairs = headers.items() if isinstance(headers, dict) else map(_pair, headers) if isinstance(headers, list) else ()
    for name, value in pairs:
        if isinstance(name, str) and len(name) == 10 and name.lower() == "user-agent":
            return value if isinstance(value, str) else str(value[0]) if isinstance(value, list) and value else ""
    return connection if platform == "javascript" else ""
