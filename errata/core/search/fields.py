"""The keys a search knows: which side answers them, what values they take, and the words for people."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from errata.core import vocabulary

Side = Literal["issue", "event", "both"]
Kind = Literal[
    "choice",  # one of a closed set
    "ranked",  # a closed set in order, least first: comparisons work
    "person",  # me, none, an e-mail address, #team
    "text",  # may hold wildcards
    "number",
    "date",
    "age",  # a length of time back from now
    "ahead",  # a date, or a length of time from now on
]


class Field(msgspec.Struct, frozen=True):
    key: str
    side: Side  # "both": the records know it of the issue, the event store of each event
    kind: Kind
    help: str
    values: tuple[str, ...] = ()  # closed for choice and ranked, examples for the others
    aliases: tuple[str, ...] = ()  # other spellings of the key
    value_aliases: tuple[tuple[str, str], ...] = ()  # other spellings of a value

    def find_value(self, text: str) -> str | None:
        """The canonical value for what was typed, or None."""
        typed = text.casefold()
        known = {value.casefold(): value for value in self.values} | dict(self.value_aliases)
        return known.get(typed)


TAG = "tags."
LEFT = "left."
_YES_NO = ("true", "false")
_YES_NO_ALIASES = (("yes", "true"), ("no", "false"), ("1", "true"), ("0", "false"))
_CLOCK_STATES = ("running", "at_risk", "breached", "paused", "met", "missed")
_CLOCK_STATE_ALIASES = (("risk", "at_risk"), ("late", "breached"), ("overdue", "breached"), ("kept", "met"))

_ISSUE_FIELDS = (
    Field(
        "is",
        "issue",
        "choice",
        "The state of the issue",
        (
            "open",
            "closed",
            "new",
            "assigned",
            "unassigned",
            "mine",
            "watched",
            "regressed",
            "unhandled",
            "handled",
            "blocked",
            "blocking",
        ),
        value_aliases=(
            ("unresolved", "open"),
            ("resolved", "closed"),
            ("done", "closed"),
            ("watching", "watched"),
            ("me", "mine"),
        ),
    ),
    Field(
        "stage",
        "issue",
        "choice",
        "The stage of the workflow",
        ("New", "Assigned", "Revise", "Retest", "Fixed", "Closed"),
        aliases=("status",),
    ),
    Field(
        "category",
        "issue",
        "choice",
        "What the stage means, in any workflow",
        tuple(vocabulary.CATEGORIES),
        aliases=("issue.category",),
    ),
    Field("assignee", "issue", "person", "Who holds the issue", ("me", "none"), aliases=("assigned",)),
    Field("deputy", "issue", "person", "Who holds it when the assignee can't", ("me", "none")),
    Field(
        "creator", "issue", "person", "Who created the issue by hand", ("me", "none"), aliases=("reporter", "author")
    ),
    Field("watcher", "issue", "person", "Who watches the issue", ("me",), aliases=("subscribed", "bookmarks")),
    Field("type", "issue", "choice", "What kind of issue", vocabulary.ISSUE_TYPES, aliases=("issue.type",)),
    Field("priority", "issue", "ranked", "How soon", vocabulary.PRIORITIES, aliases=("issue.priority",)),
    Field("severity", "issue", "ranked", "How bad", vocabulary.SEVERITIES),
    Field("project", "issue", "text", "The project, by slug or key"),
    Field("team", "issue", "text", "The team of its project, by slug", ("none",)),
    Field("label", "issue", "text", "A label of the issue", aliases=("labels",)),
    Field("key", "issue", "text", "The issue's key, like PAY-142", aliases=("issue", "issue.id")),
    Field("parent", "issue", "text", "What it is a part of, like PAY-1", ("none",)),
    Field("title", "issue", "text", "The issue's title"),
    Field("culprit", "issue", "text", "Where the code failed"),
    Field("count", "issue", "number", "How many events", ("100", "1k"), aliases=("timesseen", "times_seen", "events")),
    Field("users", "issue", "number", "How many people it met", ("5", "100"), aliases=("user_count",)),
    Field("comments", "issue", "number", "How many comments", ("0", "1")),
    Field("score", "issue", "number", "Its score in the ranking", ("50", "100")),
    Field("first_seen", "issue", "date", "When it was first seen", ("-24h", "-7d", "today"), aliases=("firstseen",)),
    Field("last_seen", "issue", "date", "When it was last seen", ("-1h", "-24h", "today"), aliases=("lastseen",)),
    Field("age", "issue", "age", "How long ago it was first seen", ("-24h", "+7d")),
    Field("created", "issue", "date", "When the issue was created", ("-24h", "-7d", "today")),
    Field("updated", "issue", "date", "When the issue last changed", ("-24h", "-7d", "today")),
    Field("moved", "issue", "date", "When the issue came to its stage", ("-24h", "-7d", "+7d")),
    Field("taken_up", "issue", "date", "When it was first assigned, or first left New", ("-24h", "-7d")),
    Field("ended", "issue", "date", "When it came to its end, and it has not come back since", ("-24h", "-7d")),
    Field("returns", "issue", "number", "How often it came back after an end", ("0", ">0")),
    Field("due", "issue", "ahead", "When its time runs out, or how soon", ("<4h", ">2d", "today", "<now")),
    Field(
        "clock",
        "issue",
        "choice",
        "The state of the clock that is due first",
        _CLOCK_STATES,
        aliases=("sla",),
        value_aliases=_CLOCK_STATE_ALIASES,
    ),
    Field(
        "response",
        "issue",
        "choice",
        "The state of its response clock",
        _CLOCK_STATES,
        value_aliases=_CLOCK_STATE_ALIASES,
    ),
    Field("responded", "issue", "date", "When its response clock stopped", ("-24h", "-7d")),
    Field(
        "resolution",
        "issue",
        "choice",
        "The state of its resolution clock",
        _CLOCK_STATES,
        value_aliases=_CLOCK_STATE_ALIASES,
    ),
    Field("resolved", "issue", "date", "When its resolution clock stopped", ("-24h", "-7d")),
    Field("waiting_on", "issue", "text", "Whom outside of the team it waits on", aliases=("waiting",)),
)

_SHARED_FIELDS = (
    Field(
        "level",
        "both",
        "ranked",
        "How bad the client said it was",
        vocabulary.LEVELS,
        value_aliases=(("warn", "warning"), ("critical", "fatal"), ("log", "info")),
    ),
    Field("platform", "both", "text", "What the program runs on", aliases=("platform.name",)),
)

_EVENT_FIELDS = (
    Field("release", "event", "text", "The version that sent the event"),
    Field("environment", "event", "text", "Where it ran: production, staging …", aliases=("env",)),
    Field("dist", "event", "text", "The distribution of the release"),
    Field("user", "event", "text", "The user's id, e-mail address, name or IP address"),
    Field("user.id", "event", "text", "The user's id"),
    Field("user.email", "event", "text", "The user's e-mail address"),
    Field("user.username", "event", "text", "The user's name", aliases=("user.name",)),
    Field("user.ip", "event", "text", "The user's IP address", aliases=("user.ip_address",)),
    Field("error.type", "event", "text", "The class of the exception", aliases=("exception.type", "error")),
    Field("error.value", "event", "text", "What the exception says", aliases=("exception.value",)),
    Field(
        "error.handled",
        "event",
        "choice",
        "Whether the program caught it, as its client says",
        _YES_NO,
        aliases=("handled",),
        value_aliases=_YES_NO_ALIASES,
    ),
    Field(
        "error.unhandled",
        "event",
        "choice",
        "Whether nothing caught it",
        _YES_NO,
        aliases=("unhandled",),
        value_aliases=_YES_NO_ALIASES,
    ),
    Field("message", "event", "text", "The event's message"),
    Field("transaction", "event", "text", "The route, view or task that ran"),
    Field("location", "event", "text", "The file of the frame that failed"),
    Field("logger", "event", "text", "The logger that wrote it"),
    Field("server_name", "event", "text", "The host that sent the event"),
    Field("trace", "event", "text", "The trace id", aliases=("trace_id",)),
    Field("id", "event", "text", "The event's id", aliases=("event_id", "event.id")),
    Field("sdk", "event", "text", "The client, like sentry.python/2.75.0", aliases=("sdk.name",)),
    Field("event.type", "event", "choice", "What the client sent", ("error", "default", "csp")),
    Field(
        "timestamp", "event", "date", "When the event happened", ("-1h", "-24h", "today"), aliases=("event.timestamp",)
    ),
)

# Tags that clients send without being asked: for completion. Any other tag can be searched just as well.
COMMON_TAGS: Mapping[str, str] = {
    "url": "The address of the page or request",
    "browser": "Browser and version",
    "browser.name": "Browser",
    "os": "System and version",
    "os.name": "System",
    "runtime": "Runtime and version",
    "runtime.name": "Runtime",
    "device": "Device",
    "mechanism": "How the error was caught",
}

SORTS: Mapping[str, str] = {
    "last_seen": "Seen last",
    "first_seen": "Seen first",
    "count": "Events",
    "users": "People met",
    "priority": "Priority",
    "severity": "Severity",
    "score": "Rank",
    "created": "Created",
    "updated": "Changed",
    "due": "Due first",
}

SPECIAL_KEYS: Mapping[str, str] = {
    "has": "Whether a field or tag is set",
    "sort": "The order of the list",
}


class Catalog:
    """The fields a search may name. Installations with their own stages or types have their own (with_values)."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self.fields: Mapping[str, Field] = {field.key: field for field in fields}
        self._by_spelling = {
            spelling.casefold(): field for field in self.fields.values() for spelling in (field.key, *field.aliases)
        }

    def with_values(self, **values: Iterable[str]) -> "Catalog":
        """The same fields, some of them with other closed values."""
        replaced = [
            msgspec.structs.replace(field, values=tuple(values[field.key])) if field.key in values else field
            for field in self.fields.values()
        ]
        return Catalog(replaced)

    def find(self, key: str) -> Field | None:
        """The field by its key or another spelling, or None."""
        return self._by_spelling.get(key.casefold())

    def side(self, key: str) -> Side:
        """Which side answers a canonical key. Tags belong to events."""
        field = self.fields.get(key)
        return field.side if field else "event"

    def suggest(self, key: str) -> str | None:
        """The known key that an unknown one is probably a slip of."""
        if key.casefold() in COMMON_TAGS:
            return None
        near = [spelling for spelling in self._by_spelling if abs(len(spelling) - len(key)) <= 1]
        near += [special for special in SPECIAL_KEYS if len(special) == len(key)]
        found = difflib.get_close_matches(key.casefold(), near, n=1, cutoff=0.8)
        if not found:
            return None
        field = self.find(found[0])
        return field.key if field else found[0]


def left(stage: str) -> str:
    """The key that asks when an issue left a stage."""
    return LEFT + re.sub(r"\W+", "_", stage.casefold()).strip("_")


def left_fields(stages: Iterable[str]) -> list[Field]:
    """A key for each stage, for time in stage is told from when issues left it."""
    return [Field(left(stage), "issue", "date", f"When it left {stage}", ("-24h", "-7d")) for stage in stages]


_DEFAULT_STAGES = next(field.values for field in _ISSUE_FIELDS if field.key == "stage")
DEFAULT_CATALOG = Catalog((*_ISSUE_FIELDS, *left_fields(_DEFAULT_STAGES), *_SHARED_FIELDS, *_EVENT_FIELDS))


def tag_of(key: str) -> str | None:
    """The tag a canonical key names, or None when it names a field."""
    return key.removeprefix(TAG) if key.startswith(TAG) else None
