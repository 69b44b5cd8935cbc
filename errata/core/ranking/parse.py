"""Text → tree, or a refusal that says where and what was expected."""

import difflib
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import msgspec

from errata.core.errors import Refusal
from errata.core.ranking.types import Asked, Binary, Call, Name, Negated, Node, Number, Place
from errata.core.ranking.words import FUNCTIONS, MEASURES

# A page of text: longer is a program, which nobody could explain to a newcomer.
EXPRESSION_CHARS_MAX = 2_000
# Deeper than anyone reads, and far from Python's own limit of recursion.
DEPTH_MAX = 40
# Numbers, names, signs. A sum is as deep as it is long, and reckoning it must stay clear of the limit of recursion too.
PARTS_MAX = 400

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<text>"[^"\n]*"|'[^'\n]*')
    |(?P<sign>\*\*|<=|>=|==|!=|[-+*/%<>(),]))""",
    re.VERBOSE | re.ASCII,
)
_WORDS = ("and", "or", "not")
# How tightly operators hold: `or` least, `**` most.
_STRENGTH = {
    "or": 1, "and": 2, "<": 4, "<=": 4, ">": 4, ">=": 4, "==": 4, "!=": 4,
    "+": 5, "-": 5, "*": 6, "/": 6, "%": 6, "**": 8,
}  # fmt: skip
_NOT, _COMPARISON, _SIGN, _POWER = 3, 4, 7, 8


class RankingRefused(Refusal):
    """An expression that can't be read. `position` and `end` say which part of the text."""

    code = "ranking_refused"
    status = 422

    def __init__(self, message: str, *, position: int, end: int | None = None) -> None:
        super().__init__(message, field="ranking", position=position, end=position + 1 if end is None else end)
        self.position = position
        self.end = position + 1 if end is None else end


class _Token(NamedTuple):
    kind: str  # number, name, text, sign, end
    text: str
    start: int
    end: int


@lru_cache(maxsize=256)
def parse(text: str) -> Node:
    """Read an expression. Raises RankingRefused, with the place."""
    if len(text) > EXPRESSION_CHARS_MAX:
        msg = f"An expression may have {EXPRESSION_CHARS_MAX:,} characters; this one has {len(text):,}."
        raise RankingRefused(msg, position=EXPRESSION_CHARS_MAX, end=len(text))
    tokens = list(_tokens(text))
    if len(tokens) > PARTS_MAX:
        msg = f"An expression may have {PARTS_MAX} numbers, names and signs; this one has {len(tokens)}."
        raise RankingRefused(msg, position=tokens[PARTS_MAX - 1].start, end=len(text))
    reader = _Reader(tokens)
    node = reader.expression(0)
    reader.finish()
    return node


def names_in(node: Node) -> tuple[str, ...]:
    """The measures that the expression asks for, each once, in the order of the text."""
    return tuple(dict.fromkeys(_names(node)))


def _names(node: Node) -> Iterator[str]:
    match node:
        case Name(name):
            yield name
        case Negated(_, operand):
            yield from _names(operand)
        case Binary(_, left, right):
            yield from _names(left)
            yield from _names(right)
        case Call(_, arguments):
            for argument in arguments:
                yield from _names(argument)


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            raise _unreadable(text, start)
        yield _Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup), match.end())
        at = match.end()
    yield _Token("end", "", len(text), len(text))


def _unreadable(text: str, start: int) -> RankingRefused:
    character = text[start]
    if character in "\"'":
        return RankingRefused("This quotation mark isn’t closed.", position=start, end=len(text))
    hints = {
        "=": "Write == to compare.",
        "^": "Write ** for a power.",
        "&": "Write and.",
        "|": "Write or.",
        "!": "Write not, or != to compare.",
        "?": "Write if(condition, a, b).",
    }
    return RankingRefused(f"“{character}” has no meaning here. {hints.get(character, '')}".strip(), position=start)


class _Reader:
    """Reads by precedence: each operator takes what holds tighter than itself."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def expression(self, strength: int) -> Node:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise RankingRefused(f"Brackets may stand {DEPTH_MAX} deep; this is deeper.", position=self._next.start)
        left = self._operand()
        while (own := self._strength(self._next)) > strength:
            operator = self._take()
            # Powers are read from the right: 2 ** 3 ** 2 is 2 ** 9, and 2 ** -1 needs no brackets.
            right = self.expression(_SIGN if own == _POWER else own)
            left = Binary(operator.text, left, right, Place(left.place.start, right.place.end))
            if own == _COMPARISON and self._strength(self._next) == _COMPARISON:
                raise RankingRefused(
                    "Only two values can be compared at once; join comparisons with “and”.",
                    position=self._next.start,
                    end=self._next.end,
                )
        self._depth -= 1
        return left

    def finish(self) -> None:
        left = self._next
        if left.kind == "end":
            return
        if left.text == ")":
            raise RankingRefused("This bracket was never opened.", position=left.start)
        if left.text == ",":
            raise RankingRefused("A comma stands between the values of a function only.", position=left.start)
        raise RankingRefused(f"An operator is missing before “{left.text}”.", position=left.start, end=left.end)

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at += token.kind != "end"
        return token

    def _strength(self, token: _Token) -> int:
        return _STRENGTH.get(token.text, 0) if token.kind in ("sign", "name") else 0

    def _operand(self) -> Node:
        token = self._take()
        place = Place(token.start, token.end)
        match token.kind, token.text:
            case "number", text:
                return Number(float(text), place)
            case "sign", "(":
                return self._bracketed(token)
            case "sign", "-" | "+":
                operand = self.expression(_SIGN)
                return Negated(token.text, operand, Place(token.start, operand.place.end))
            case "name", "not":
                operand = self.expression(_NOT)
                return Negated("not", operand, Place(token.start, operand.place.end))
            case "name", text if text not in _WORDS:
                return self._call(token) if self._next.text == "(" else _name(token)
        raise self._missing(token)

    def _bracketed(self, opening: _Token) -> Node:
        inner = self.expression(0)
        closing = self._close(opening)
        return msgspec.structs.replace(inner, place=Place(opening.start, closing.end))

    def _close(self, opening: _Token) -> _Token:
        if self._next.text != ")" or self._next.kind != "sign":
            if self._next.kind == "end":
                raise RankingRefused("This bracket isn’t closed.", position=opening.start)
            self.finish()
        return self._take()

    def _call(self, named: _Token) -> Node:
        function = FUNCTIONS.get(named.text)
        if function is None:
            raise _unknown(named, list(FUNCTIONS), "function")
        opening = self._take()
        if function.asks:
            return self._question(named, opening)
        arguments = [] if self._next.text == ")" else [self.expression(0)]
        while self._next.text == ",":
            self._take()
            arguments.append(self.expression(0))
        closing = self._close(opening)
        if not function.arguments_min <= len(arguments) <= function.arguments_max:
            raise RankingRefused(
                f"{named.text} is written {function.form}; here it has {len(arguments) or 'no'} "
                f"value{'' if len(arguments) == 1 else 's'}.",
                position=named.start,
                end=closing.end,
            )
        return Call(named.text, tuple(arguments), Place(named.start, closing.end))

    def _question(self, named: _Token, opening: _Token) -> Node:
        text = self._take()
        if text.kind != "text" or not text.text[1:-1].strip():
            form = FUNCTIONS[named.text].form
            raise RankingRefused(
                f"{named.text} takes a text in quotation marks: {form}.",
                position=text.start,
                end=max(text.end, text.start + 1),
            )
        closing = self._close(opening)
        return Asked(named.text, text.text[1:-1].strip(), Place(named.start, closing.end))

    def _missing(self, token: _Token) -> RankingRefused:
        if token.kind == "end":
            what = "A value has to follow." if self._at else "An expression is missing: severity * 30 is one."
            return RankingRefused(what, position=token.start)
        if token.kind == "text":
            msg = 'A text stands in label("…"), type("…") and field("…") only.'
            return RankingRefused(msg, position=token.start, end=token.end)
        return RankingRefused(f"A value is missing before “{token.text}”.", position=token.start, end=token.end)


def _name(token: _Token) -> Name:
    if token.text in MEASURES:
        return Name(token.text, Place(token.start, token.end))
    if token.text in FUNCTIONS:
        form = FUNCTIONS[token.text].form
        raise RankingRefused(f"{token.text} is a function: {form}.", position=token.start, end=token.end)
    raise _unknown(token, list(MEASURES), "measure")


def _unknown(token: _Token, known: list[str], kind: str) -> RankingRefused:
    near = difflib.get_close_matches(token.text.casefold(), known, n=1, cutoff=0.6)
    hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."
    return RankingRefused(f"There is no {kind} “{token.text}”. {hint}", position=token.start, end=token.end)
