"""Parameterisation: the parts of a message that change from event to event, replaced by their kind."""

import re

import msgspec

from errata.core import limits
from errata.core.grouping.types import Span

_DOMAINS = "com|net|org|edu|gov|mil|local|internal|localdomain|lan"
_COUNTRIES = "ar|at|au|be|br|ca|ch|cn|cz|de|dk|es|eu|fi|fr|in|it|jp|kr|mx|nl|no|pl|ru|se|tr|tw|uk|za"

# In order: where two could begin at the same place, the first wins. Each begins at the edge of a word. Repetitions that
# could be tried again and again are bounded, so that no message takes long.
_KINDS: tuple[tuple[str, str], ...] = (
    ("url", r"[A-Za-z][A-Za-z0-9+.\-]{1,20}://[^\s\"'<>()\[\]{}|\\^`]*[^\s\"'<>()\[\]{}|\\^`.,;:!?]"),
    ("email", r"[\w.+\-]{1,64}@[\w\-]+(?:\.[\w\-]+)+"),
    ("traceparent", r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\b"),
    ("uuid", r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\b"),
    (
        "date",
        (
            r"\d{4}[-/]\d\d[-/]\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\ ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)\b)?)?(?!\d)"
            r"|(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\ +)?(?:\d{1,2}[ \-])?"
            r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*[ \-]\ ?(?:\d{1,2},?\ )?(?:\d{4}\ )?"
            r"\d{1,2}:\d\d(?::\d\d)?(?:\ [A-Z]{3,4})?(?:\ \d{4})?(?!\d)"
            r"|\d{1,2}:\d\d:\d\d(?:[.,]\d+)?(?![\d:])"
        ),
    ),
    ("mac", r"(?:[0-9A-Fa-f]{2}[:\-]){5}[0-9A-Fa-f]{2}\b"),
    ("ip", r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?:/\d{1,2})?(?::\d{1,5})?(?!\.?\w)"),
    ("ip", r"(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}\b|(?:[0-9A-Fa-f]{1,4}:){1,6}(?::[0-9A-Fa-f]{1,4}){1,6}\b"),
    ("hex", r"0[xX][0-9A-Fa-f]+\b"),
    # By its last label; by country only from three labels on; else by a label that no identifier could be, as in
    # ip-10-0-0-1.rack.example: one that begins with a digit or holds a hyphen.
    ("host", rf"(?:[A-Za-z0-9\-]{{1,63}}\.){{1,9}}(?:{_DOMAINS})\b(?!\.?\w)(?::\d+\b)?"),
    ("host", rf"(?:[A-Za-z0-9\-]{{1,63}}\.){{2,9}}(?:{_COUNTRIES})\b(?!\.?\w)(?::\d+\b)?"),
    (
        "host",
        (
            r"(?=(?:[a-z\d]{1,63}\.){0,9}(?:\d{1,63}[a-z\-]|[a-z\d]{1,63}-))"
            r"(?:[a-z\d\-]{1,63}\.){2,9}[a-z]{2,63}\b(?!\.?\w)"
        ),
    ),
    (
        "path",
        (
            r"(?:[A-Za-z]:\\|\\\\)[^\s\"'<>|*?:]+"
            r"|~?(?:/[\w.\-@+%:=,~$]+)(?:(?:/[\w.\-@+%:=,~$]+)+/?(?:\?[^\s\"'<>]*)?|\?[^\s\"'<>]+)"
        ),
    ),
    ("hash", r"(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,}\b|(?=[A-F]*\d)(?=\d*[A-F])[0-9A-F]{8,}\b|(?:f{8}|F{8}){1,2}\b"),
    (
        "id",
        (
            r"(?=[A-Za-z_\-]{0,64}\d[A-Za-z_\-]{0,64}\d)(?=[a-z\d_\-]{0,64}[A-Z])(?=[A-Z\d_\-]{0,64}[a-z])"
            r"[A-Za-z0-9_\-]{16,512}={0,2}"
        ),
    ),
    (
        "duration",
        (
            r"[-+]?\d+(?:\.\d+)?(?:\ ?(?:ns|µs|us|ms|msec|sec|secs|min|mins|hr|hrs"
            r"|(?:(?:nano|micro|milli)?second|minute|hour|day|week)s?)|[smhd])\b"
        ),
    ),
    ("size", r"[-+]?\d+(?:\.\d+)?\ ?(?:[KMGTkmgt]i?[Bb]|[Bb]ytes?|B)\b"),
    ("version", r"v?\d+\.\d+\.\d+(?:[.\-+][A-Za-z0-9]+)*\b"),
    ("float", r"[-+]?\d+\.\d+(?:[eE][-+]?\d+)?(?!\.?\d)|[-+]?\d+[eE][-+]?\d+\b"),
    ("int", r"[-+]?\d{1,3}(?:,\d{3})+\b|[-+]?\d+(?![A-Za-z0-9])"),
)
# A number after these words says which error it is: HTTP 404 and HTTP 500 are two.
_CODE = r"(?i:HTTP(?:/\d(?:\.\d)?)?|errno|(?:status|error|exit|return)[ _]code)[ :=]{1,2}\d+\b"
# The tail of a joined identifier from its first number on: blk_-160…, attempt_1445_0020_m_01, ip-10-0-0-1.
_TAIL = r"(?<=[A-Za-z][_\-#])-?\d+(?:[_\-][A-Za-z0-9]+)*\b"
# user12345; but E1001 is a code, and utf8 a word.
_STUCK = r"(?<=[a-z])\d{4,}(?![A-Za-z])"
# What a word must hold, or begin with, for any kind to be worth trying: plain words are most of a message.
_HINT = r"\S{0,80}?[\d@:./\\]|[MTWFSJAOND][a-z]{2}|[fF]{8}"
# What is assigned: anything in quotes, and the value of a key that names someone or something, as in user=alice. Also
# the name in “access denied for user 'root'” and its like, as databases and log-in services say it.
_NAMING_KEYS = ("user", "name", "login", "email", "account", "host", "session", "token")
_BEFORE_USER = ("for", "invalid", "unknown", "such")
_NAMING = "|".join([*(f"(?<={key}=)" for key in _NAMING_KEYS), *(f"(?<={word} user )" for word in _BEFORE_USER)])
_QUOTED = r"\"[^\"\n]*\"|'[^'\n]*'"
_ASSIGNED = rf"(?<==)(?:{_QUOTED})|(?:{_NAMING})(?:{_QUOTED}|[^\s,;&()\[\]{{}}\"'<>]+)"


def _scanner() -> tuple[re.Pattern[str], tuple[str, ...]]:
    edge = "|".join(f"({pattern})" for _, pattern in _KINDS)
    whole = rf"({_CODE})|({_ASSIGNED})|({_TAIL})|(?<![A-Za-z0-9])(?={_HINT})(?:{edge})|({_STUCK})"
    return re.compile(whole), ("", "code", "value", "id", *(kind for kind, _ in _KINDS), "id")


_SCANNER, _KIND_OF_GROUP = _scanner()
_CODE_GROUP = 1
_SEPARATORS = (",", ", ")
_WORTH_SCANNING = re.compile(r"[\d@/\\=]| user ")


class Parameterised(msgspec.Struct, frozen=True):
    text: str  # what was looked at: the first two lines
    spans: tuple[Span, ...] = ()

    @property
    def template(self) -> str:
        """The message with the kind of each changing part in its place."""
        return self._with([f"<{span.kind}>" for span in self.spans])

    @property
    def key(self) -> str:
        """What groups: without the kinds, as one and the same part may be 7 now and 7f later, a name or an address."""
        return self._with(["<*>"] * len(self.spans))

    def _with(self, replacements: list[str]) -> str:
        pieces: list[str] = []
        end = 0
        for span, replacement in zip(self.spans, replacements, strict=True):
            pieces += (self.text[end : span.start], replacement)
            end = span.end
        return "".join([*pieces, self.text[end:]])


def parameterise(text: str) -> Parameterised:
    """Find what changes in a message, and of what kind it is."""
    head = head_of(text)
    if _WORTH_SCANNING.search(head) is None:
        return Parameterised(head)
    found = [_span(match) for match in _SCANNER.finditer(head) if match.lastindex != _CODE_GROUP]
    return Parameterised(head, tuple(_joined(head, found)))


def _span(match: re.Match[str]) -> Span:
    return Span(match.start(), match.end(), _KIND_OF_GROUP[match.lastindex or 0])


def _joined(text: str, spans: list[Span]) -> list[Span]:
    """A list of things of one kind is one thing: `ids 1, 2, 3` and `ids 4, 5` are the same message."""
    joined: list[Span] = []
    for span in spans:
        last = joined[-1] if joined else None
        if last is not None and last.kind == span.kind and text[last.end : span.start] in _SEPARATORS:
            joined[-1] = Span(last.start, span.end, span.kind)
        else:
            joined.append(span)
    return joined


def head_of(text: str) -> str:
    """The first two lines that hold anything: the rest is a dump of some kind, and never the same twice."""
    text = text[: limits.FACT_MESSAGE_CHARS_MAX].strip()
    if "\n" not in text:
        return text
    return "\n".join([line.strip() for line in text.splitlines() if line.strip()][:2])
