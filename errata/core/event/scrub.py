"""Remove secrets from a payload, on its bytes.

A multi-pattern engine finds the places in the raw JSON that could hold a secret; only there the string around it is
located, judged and rewritten. A payload without secrets is returned as it came, and never parsed.

The engine is Hyperscan. For the 50 kB of an event with thirty frames it takes 23 µs for all names and token shapes and
30 µs for card numbers, where Python's `re` takes milliseconds; RE2 needs a pass for each kind of hit.
"""

import re
import threading
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache, lru_cache
from json import JSONDecodeError, dumps, loads
from operator import itemgetter
from typing import Any, NamedTuple

import hyperscan
import msgspec

from errata.core.event.names import SensitiveNames, default_patterns
from errata.core.event.text import FILTERED, holds_card, scrub_text, tells_nothing


class ScrubRules(msgspec.Struct, frozen=True):
    """What a project removes from its events before they are stored."""

    enabled: bool = True
    keys: tuple[str, ...] = ()  # key names removed beside the defaults
    safe_keys: tuple[str, ...] = ()  # key names never removed
    cards: bool = True  # numbers that pass the Luhn check
    ip_addresses: bool = False  # user and request IP addresses


def scrub(payload: bytes, rules: ScrubRules) -> tuple[bytes, int]:
    """Return the payload without the secrets that the rules know, and how many were removed.

    A removed value reads "[Filtered]". Valid JSON stays valid, and nothing else in it changes.
    """
    return _scrubber(rules)(payload) if rules.enabled else (payload, 0)


class _Edit(NamedTuple):
    start: int
    end: int
    replacement: bytes
    removed: int


_FILTERED_JSON = f'"{FILTERED}"'.encode()

# Most SDKs have done our work for the common names.
_FILTERED_JAR = re.compile(rb'\{(?:"[\w.-]*":[ ]?"\[Filtered\]",?[ ]?)+\}')

# No possessive quantifiers: in Python 3.11.2 a failed one leaves the match where it stopped.
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_PLAIN_NAME = re.compile(rb"[A-Za-z_.-]*")  # Holds nothing but perhaps a name. Token shapes have digits.
_NUMBER = re.compile(rb"-?[0-9][0-9.eE+-]*")
_NUMBER_OR_WORD = re.compile(rb"-?[A-Za-z0-9][A-Za-z0-9.+-]*")
_BLANKS = re.compile(rb"[ \t\r\n]*")
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)
_LEAF = re.compile(rb'("[^"\\]*(?:\\.[^"\\]*)*")[ \t\r\n]*(:?)|(-?[0-9][0-9.eE+-]*)', re.DOTALL)
_DIGIT = b"0123456789"
_DIGIT_RUN = re.compile(rb"[0-9](?:[ -]?[0-9])*")
_UNICODE_ESCAPE = re.compile(rb"\\u[0-9a-fA-F]{4}")
_ESCAPE = re.compile(rb"\\(?:u00([3-7][0-9a-fA-F])|.)", re.DOTALL)

# What follows a sensitive word where it names something: in JSON the end of a key, or of a string with a value beside
# it; in a text an equals sign, a quote and a colon. Most hits are words in paths and prose, and are done with here.
# `(?=(…))\1` takes what it can and never gives back, which the possessive quantifiers of Python 3.11.2 do badly.
_REST_OF_WORD = re.compile(rb"""[^"'\\=:]{0,200}""")
_BESIDE_PATTERN = rb""", [ \t\r\n]* (?:
    "value"[ \t\r\n]*: | "[^"\\]*(?:\\.[^"\\]*)*"[ \t\r\n]*\] | [\[{0-9-] )"""
_BESIDE = re.compile(_BESIDE_PATTERN, re.VERBOSE | re.DOTALL)
_NAME_ENDS = re.compile(
    rb"""(?=([^"\\]{0,200}))\1 (?: \\. [^"\\]{0,200} ){0,9} " [ \t\r\n]* (?:
        (?P<key> : [ \t\r\n]* ) | (?P<beside> """
    + _BESIDE_PATTERN
    + rb" ) )",
    re.VERBOSE | re.DOTALL,
)
_NAMES_IN_TEXT = re.compile(
    rb"""(?x) (?=([^"'\\]{0,200}))\1 (?: \\+" | \\*' ) (?:\s|\\[nrt])*
                (?: [:=] | , (?:\s|\\[nrt])* [bBuU]? (?: \\+" | \\*' ) )
            | [\w.%\[\]-]{0,200} (?: [ ]?= | [ ]*:[ ] )"""
)
# The string is an element of a list that is an element of a list: a header, a cookie, a query argument.
_OPENS_PAIR = re.compile(rb"[ \t\r\n]*\[[ \t\r\n]*[\[,]")
# The string is the name in {"key": "token", "value": …}.
_OPENS_NAMED = re.compile(rb'[ \t\r\n]*:[ \t\r\n]*"(?:yek|eman)"(?!\\)')
_NAMED_VALUE = re.compile(rb',[ \t\r\n]*"value"[ \t\r\n]*:[ \t\r\n]*')
_TYPED = re.compile(
    rb'\{[ \t\r\n]*(?:"type"[ \t\r\n]*:[ \t\r\n]*"[a-z]+"[ \t\r\n]*,[ \t\r\n]*)?"value"[ \t\r\n]*:[ \t\r\n]*'
)
_BEHIND_TYPED = re.compile(rb'[ \t\r\n]*(?:,[ \t\r\n]*"type"[ \t\r\n]*:[ \t\r\n]*"[a-z]+"[ \t\r\n]*)?\}')
_OPENS_CODE = re.compile(rb'[ \t\r\n]*(?:\[[ \t\r\n]*)?:[ \t\r\n]*"(?:enil_txetnoc|txetnoc_(?:erp|tsop))"(?!\\)')
_OPENS_MODULES = re.compile(rb'"modules"[ \t\r\n]*:[ \t\r\n]*\{[^{}]*')
# How far back to look for them. JSON with longer runs of blanks between two tokens isn't written by machines.
_WINDOW = 64

# Found in any string, whatever its key.
_SHAPES = (r"PRIVATE KEY", r"eyJ[a-zA-Z0-9_-]{8}", r'://[^/@:\s"]*:[^/@\s"]+@', r"(?i:bearer )")
# A letter or digit written as an escape would hide a name from the search.
_HIDDEN = r"\\u00[3-7][0-9a-fA-F]"
# Thirteen digits from 2 to 6 on, as cards begin. Not behind a digit, unless that is the end of an escape.
_CARD = r"[^0-9][2-6](?:[ -]?[0-9]){12}"
_CARD_BEHIND_ESCAPE = r"\\u[0-9a-fA-F]{3}[0-9][2-6][0-9]{3}"


class _Search:
    """Many patterns at once, compiled once; finds where their matches end."""

    def __init__(self, patterns: Sequence[tuple[str, int]]) -> None:
        self._database = hyperscan.Database()
        expressions, kinds = zip(*patterns, strict=True)
        self._database.compile(expressions=expressions, ids=kinds, elements=len(kinds), flags=[0] * len(kinds))
        self._local = threading.local()

    def __call__(self, payload: bytes, found: list[tuple[int, int]]) -> None:
        try:
            scratch = self._local.scratch
        except AttributeError:  # Scratch space is for one scan at a time.
            scratch = self._local.scratch = hyperscan.Scratch(self._database)
        self._database.scan(payload, match_event_handler=_note, context=found, scratch=scratch)


def _note(kind: int, _start: int, end: int, _flags: int, found: Any) -> None:
    found.append((end, kind))


_NAME, _SHAPE, _DIGITS, _ESCAPED = range(4)


@cache
def _default_search() -> _Search:
    patterns = [(pattern, _NAME) for pattern in default_patterns()] + [(pattern, _SHAPE) for pattern in _SHAPES]
    return _Search([*patterns, (_CARD_BEHIND_ESCAPE, _DIGITS), (_HIDDEN, _ESCAPED)])


@cache
def _card_search() -> _Search:
    # By itself: with the literals above in one database both become slower.
    return _Search([(_CARD, _DIGITS)])


@lru_cache(maxsize=256)
def _scrubber(rules: ScrubRules) -> "_Scrubber":
    return _Scrubber(rules)


class _Scrubber:
    """Compiled rules."""

    def __init__(self, rules: ScrubRules) -> None:
        self.names = SensitiveNames(extra=rules.keys, safe=rules.safe_keys, ip_addresses=rules.ip_addresses)
        self.cards = rules.cards
        # A project's own names come apart: the defaults take half a second to compile, and are the same for all.
        given = [(pattern, _NAME) for pattern in self.names.given_patterns()]
        self._searches = [_default_search(), *([_Search(given)] if given else [])]
        self._search_cards = _card_search() if rules.cards else None

    def __call__(self, payload: bytes) -> tuple[bytes, int]:
        found: list[tuple[int, int]] = []
        for search in self._searches:
            search(payload, found)
        if _ESCAPED in map(itemgetter(1), found) and (plain := _ESCAPE.sub(_plain, payload)) != payload:
            return self(plain)
        if self._search_cards:
            self._search_cards(payload, found)
        if not found:
            return payload, 0
        found.sort()  # Each search finds in order; together they are walked in one.
        return _Payload(payload, self).scrub(found)


def _plain(escape: re.Match[bytes]) -> bytes:
    digits = escape[1]
    if digits is None or not (letter := bytes((int(digits, 16),))).isalnum():
        return escape[0]
    return letter


class _Payload:
    """One payload on its way through a scrubber."""

    def __init__(self, payload: bytes, scrubber: _Scrubber) -> None:
        self._payload = payload
        self._names = scrubber.names
        self._cards = scrubber.cards
        self._edits: list[_Edit] = []
        self._meta: tuple[int, int] | None = None
        self._strings: list[tuple[int, int]] | None = None
        self._modules: list[tuple[int, int]] | None = None
        self._digits_done = 0

    def scrub(self, found: list[tuple[int, int]]) -> tuple[bytes, int]:
        done = 0
        for end, kind in found:
            if kind == _DIGITS:
                self._scrub_digits(end - 1)
            elif end <= done:
                continue
            elif kind == _SHAPE:
                done = self._scrub_around(end, done)
            else:
                done = self._scrub_named(end, done)
        return self._edited()

    def _edited(self) -> tuple[bytes, int]:
        pieces: list[bytes] = []
        at = removed = 0
        for edit in sorted(self._edits, key=itemgetter(0)):
            if edit.start >= at:
                pieces += self._payload[at : edit.start], edit.replacement
                at = edit.end
                removed += edit.removed
        return (b"".join((*pieces, self._payload[at:])), removed) if pieces else (self._payload, 0)

    def _scrub_named(self, end: int, after: int) -> int:
        """Scrub what the word in which a match ends is the name of, if anything."""
        payload = self._payload
        word_end = _REST_OF_WORD.match(payload, end - 1).end()  # type: ignore[union-attr] # It matches nothing, too.
        behind = payload[word_end : word_end + 2]
        if behind == b'":':  # By far the most frequent, and most of those an SDK has filtered already.
            value_at = _skip_blanks(payload, word_end + 2)
            if payload.startswith(_FILTERED_JSON, value_at):
                return after
            is_object = payload.startswith(b"{", value_at)
            if is_object and (self._in_meta(value_at) or _FILTERED_JAR.match(payload, value_at)):
                return after
            return self._scrub_under(end, after, value_at)
        if behind == b'",':
            return self._scrub_beside(end, after) if _BESIDE.match(payload, word_end + 1) else after
        if names := _NAME_ENDS.match(payload, end - 1):
            if names["key"]:
                return self._scrub_under(end, after, names.end())
            if (done := self._scrub_beside(end, after)) > after:
                return done
        return self._scrub_around(end, after) if _NAMES_IN_TEXT.match(payload, end - 1) else after

    def _scrub_under(self, end: int, after: int, value_at: int) -> int:
        """Hide the value under the key in which a match ends, if that is a sensitive one. Return what is dealt with."""
        start = self._opening_quote(end, after)
        if start < 0:
            return len(self._payload)
        key_end = self._payload.rindex(b'"', start, value_at) + 1
        name = self._payload[start + 1 : key_end - 1]
        if not _PLAIN_NAME.fullmatch(name):
            self._scrub_string(start, key_end)
        is_module = self._payload[value_at : value_at + 1] == b'"' and self._is_module(start)
        if is_module or not self._names.in_json(name):
            return after  # The key may hold something else.
        return self._hide(value_at, is_jar=self._names.is_jar(name))

    def _scrub_beside(self, end: int, after: int) -> int:
        """Hide the value beside the string in which a match ends, if there is one: ["token", "…"]."""
        start, end = self._string(end, after)
        value_at = self._value_beside(start, end)
        if not value_at:
            return after
        if not _PLAIN_NAME.fullmatch(self._payload, start + 1, end - 1):
            self._scrub_string(start, end)
        return self._hide(value_at, is_jar=False)

    def _scrub_around(self, end: int, after: int) -> int:
        """Scrub the text in which a match ends, and what it names if it is a name as well."""
        start, string_end = self._string(end, after)
        if start < 0:
            return string_end
        self._scrub_string(start, string_end)
        behind = _skip_blanks(self._payload, string_end)
        if self._payload[behind : behind + 1] == b":":
            return self._scrub_under(end, after, _skip_blanks(self._payload, behind + 1))
        value_at = self._value_beside(start, string_end)
        return self._hide(value_at, is_jar=False) if value_at else string_end

    def _string(self, end: int, after: int) -> tuple[int, int]:
        """Where the string in which a match ends stands; the end of the payload when this isn't JSON."""
        start = self._opening_quote(end, after)
        string = _STRING.match(self._payload, start) if start >= 0 else None
        return string.span() if string else (-1, len(self._payload))

    def _opening_quote(self, end: int, after: int) -> int:
        payload = self._payload
        at = end - 2  # The character before the last of a match is in a string: nothing else holds letters.
        while (quote := payload.rfind(b'"', after, at + 1)) >= 0:
            before = quote
            while before > after and payload[before - 1] == 92:  # A backslash.
                before -= 1
            if (quote - before) % 2 == 0:
                return quote
            at = before - 1
        return -1

    def _value_beside(self, start: int, end: int) -> int:
        """Where the value stands that this string names from outside an object's key; 0 when it names none."""
        payload = self._payload
        behind = _skip_blanks(payload, end)
        if payload[behind : behind + 1] != b",":
            return 0
        before = payload[max(0, start - _WINDOW) : start][::-1]
        is_named, is_pair = _OPENS_NAMED.match(before), _OPENS_PAIR.match(before)
        if not (is_named or is_pair) or not self._names.in_json(payload[start + 1 : end - 1]):
            return 0
        if is_named:
            named = _NAMED_VALUE.match(payload, behind)
            return named.end() if named else 0
        value_at = _skip_blanks(payload, behind + 1)
        closed_at = _skip_blanks(payload, self._value_end(value_at))
        return value_at if payload[closed_at : closed_at + 1] == b"]" else 0

    def _hide(self, at: int, *, is_jar: bool) -> int:
        """Replace the value at a place. Booleans, nulls and what is empty tell nothing, and stay."""
        payload = self._payload
        if payload[at : at + 1] == b"{":
            if self._in_meta(at):
                return at
            at = self._typed_value(at) or at
        first = payload[at : at + 1]
        end = self._value_end(at)
        if first == b'"':
            self._hide_scalar(at, end)
        elif is_jar and first == b"{":
            self._hide_leaves(at, end)
        elif first in (b"{", b"["):
            if _skip_blanks(payload, at + 1) < end - 1:
                self._remove(at, end)
        elif _NUMBER.match(payload, at):
            self._remove(at, end)
        return end

    def _typed_value(self, at: int) -> int:
        """Where the value of a span's or log's attribute stands, {"value": …, "type": "string"}; 0 in other objects."""
        found = _TYPED.match(self._payload, at)
        if found is None or not _BEHIND_TYPED.match(self._payload, self._value_end(found.end())):
            return 0
        return found.end()

    def _remove(self, start: int, end: int) -> None:
        self._edits.append(_Edit(start, end, _FILTERED_JSON, 1))

    def _hide_scalar(self, start: int, end: int) -> None:
        raw = self._payload[start + 1 : end - 1]
        text = _text(self._payload[start:end]) if b"\\" in raw else raw.decode("utf-8", "replace")
        if not tells_nothing(text):
            self._remove(start, end)

    def _hide_leaves(self, at: int, end: int) -> None:
        for leaf in _LEAF.finditer(self._payload, at, end):
            if leaf[1] is None:
                self._remove(leaf.start(), leaf.end())
            elif not leaf[2]:
                self._hide_scalar(*leaf.span(1))
            elif not _PLAIN_NAME.fullmatch(leaf[1], 1, len(leaf[1]) - 1):
                self._scrub_string(*leaf.span(1))

    def _value_end(self, at: int) -> int:
        """Where the value at a place ends; the place itself when there is none."""
        payload = self._payload
        first = payload[at : at + 1]
        if first in (b"{", b"["):
            return self._container_end(at)
        value = (_STRING if first == b'"' else _NUMBER_OR_WORD).match(payload, at)
        return value.end() if value else at

    def _container_end(self, at: int) -> int:
        depth = 0
        for token in _TOKEN.finditer(self._payload, at):
            first = self._payload[token.start()]
            if first in b"{[":
                depth += 1
            elif first in b"}]":
                depth -= 1
                if depth == 0:
                    return token.end()
        return len(self._payload)

    def _scrub_string(self, start: int, end: int) -> None:
        raw = self._payload[start:end]
        text = _text(raw)
        scrubbed, removed = scrub_text(text, self._names, cards=self._cards)
        if removed and self._is_code(start):
            scrubbed, removed = scrub_text(text, self._names, cards=self._cards, code=True)
        if removed:
            self._edits.append(_Edit(start, end, _json_string(scrubbed, is_ascii=raw.isascii()), removed))

    def _is_code(self, start: int) -> bool:
        """Whether the string is a line of source code: `context_line`, or an element of `pre_context`."""
        payload = self._payload
        for _ in range(32):  # SDKs send five lines on each side.
            before = payload[max(0, start - _WINDOW) : start]
            if _OPENS_CODE.match(before[::-1]):
                return True
            trimmed = before.rstrip(b" \t\r\n")
            if not trimmed.endswith(b","):
                return False
            closing = start - len(before) + len(trimmed[:-1].rstrip(b" \t\r\n")) - 1
            if payload[closing] != 34:  # A quote.
                return False
            start = self._opening_quote(closing + 1, 0)
            if start < 0:
                return False
        return False

    def _is_module(self, start: int) -> bool:
        """Whether a key is a library's name in a flat `modules` object: `cookie` and `jwt` are libraries."""
        if self._modules is None:
            self._modules = [opens.span() for opens in _OPENS_MODULES.finditer(self._payload)]
        index = bisect_right(self._modules, (start,)) - 1
        return index >= 0 and start <= self._modules[index][1]

    def _in_meta(self, at: int) -> bool:
        """Whether a place is in the top-level `_meta`, which mirrors the event's keys and holds none of its values."""
        if self._meta is None:
            self._meta = _meta_span(self._payload)
        return self._meta[0] <= at < self._meta[1]

    def _scrub_digits(self, at: int) -> None:
        if at < self._digits_done:
            return
        payload = self._payload
        start = self._digits_begin(at)
        if escape := _UNICODE_ESCAPE.search(payload, max(0, start - 6), at):
            start = escape.end()
        run = _DIGIT_RUN.search(payload, start)
        if run is None:
            return
        self._digits_done = run.end()
        before = payload[run.start() - 1 : run.start()]
        if not holds_card((before if before in (b".", b"+") else b" ") + run[0]):
            return
        if string := self._string_around(at):
            self._scrub_string(*string)
            self._digits_done = string[1]
        elif run[0].isdigit() and before in b":,[ \t\r\n" and payload[run.end() : run.end() + 1] in b",]} \t\r\n":
            self._remove(*run.span())

    def _digits_begin(self, at: int) -> int:
        """Where the run of digits begins that a place is in; single blanks and dashes are part of it."""
        payload = self._payload
        while at > self._digits_done:
            if payload[at - 1] in _DIGIT:
                at -= 1
            elif payload[at - 1] in b" -" and at - 2 >= self._digits_done and payload[at - 2] in _DIGIT:
                at -= 2
            else:
                break
        return at

    def _string_around(self, at: int) -> tuple[int, int] | None:
        """The string that a place is in. Beside letters only a look at the whole payload can tell."""
        if self._strings is None:
            self._strings = [string.span() for string in _STRING.finditer(self._payload)]
        index = bisect_right(self._strings, (at, len(self._payload))) - 1
        return self._strings[index] if index >= 0 and at < self._strings[index][1] else None


def _text(raw: bytes) -> str:
    try:
        return _decode_string(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    try:
        return str(loads(raw.decode("utf-8", "surrogateescape"), strict=False))
    except JSONDecodeError:  # Not JSON: the decoder will say so.
        return ""


_decode_string = msgspec.json.Decoder(str).decode


def _skip_blanks(payload: bytes, at: int) -> int:
    if payload[at : at + 1] in (b" ", b"\n", b"\t", b"\r"):
        blanks = _BLANKS.match(payload, at)
        return blanks.end() if blanks else at
    return at


def _json_string(text: str, *, is_ascii: bool) -> bytes:
    if not is_ascii:
        try:
            return dumps(text, ensure_ascii=False).encode()
        except UnicodeEncodeError:  # Half a surrogate pair, or bytes that weren't UTF-8: escapes can carry them.
            pass
    return dumps(text).encode()


class _Meta(msgspec.Struct):
    meta: msgspec.Raw = msgspec.field(default=msgspec.Raw(b""), name="_meta")


_decode_meta = msgspec.json.Decoder(_Meta).decode
_decode_raw = msgspec.json.Decoder(msgspec.Raw).decode
_OPENS_META = re.compile(rb'"_meta"[ \t\r\n]*:[ \t\r\n]*\{')


def _meta_span(payload: bytes) -> tuple[int, int]:
    """Where the top-level `_meta` object stands; (0, 0) when there is none."""
    at = payload.rfind(b'"_meta"')
    opens = _OPENS_META.match(payload, at) if at >= 0 else None
    if opens is None:
        return 0, 0
    start, end = opens.end() - 1, len(payload.rstrip()) - 1
    try:
        # Usually it is the last key: what is left before the last brace is one value then, and nothing else.
        _decode_raw(memoryview(payload)[start:end])
    except msgspec.MsgspecError:
        return _meta_span_anywhere(payload)
    return start, end


def _meta_span_anywhere(payload: bytes) -> tuple[int, int]:
    try:
        content = bytes(_decode_meta(payload).meta)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return 0, 0
    starts = (opens.end() - 1 for opens in _OPENS_META.finditer(payload))
    start = next((start for start in starts if payload.startswith(content, start)), None)
    return (start, start + len(content)) if start is not None and content else (0, 0)
