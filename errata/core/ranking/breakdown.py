"""Why an issue has its score: the summands of the expression, each with its value and words."""

from collections.abc import Iterator

import msgspec

from errata.core.ranking.parse import names_in, parse
from errata.core.ranking.score import value
from errata.core.ranking.types import Asked, Binary, Call, Measures, Negated, Node
from errata.core.ranking.words import MEASURES

_QUESTIONS = {
    "label": "whether it has the label {}",
    "type": "whether it is of the type {}",
    "field": "the number in the field {}",
}


class Summand(msgspec.Struct, frozen=True):
    """A part of the sum: as it is written, what it comes to, and from what."""

    text: str
    value: float
    words: str


def breakdown(expression: str, measures: Measures) -> list[Summand]:
    """The summands of an issue's score, in the order of the text. They add up to the score."""
    return [
        Summand(
            text=_text(expression, node, sign),
            value=round(sign * value(node, measures), 2) + 0.0,
            words=_sentence([*_told(node, measures)]) or "The same for every issue.",
        )
        for sign, node in _summands(parse(expression), 1)
    ]


def describe(expression: str) -> list[tuple[str, str]]:
    """The summands without an issue: as they are written, and what they look at."""
    return [
        (_text(expression, node, sign), _sentence([*_meant(node)]) or "The same for every issue.")
        for sign, node in _summands(parse(expression), 1)
    ]


def _summands(node: Node, sign: int) -> Iterator[tuple[int, Node]]:
    match node:
        case Binary("+", left, right):
            yield from _summands(left, sign)
            yield from _summands(right, sign)
        case Binary("-", left, right):
            yield from _summands(left, sign)
            yield from _summands(right, -sign)
        case Negated("-", operand):
            yield from _summands(operand, -sign)
        case _:
            yield sign, node


def _text(expression: str, node: Node, sign: int) -> str:
    return ("−" if sign < 0 else "") + " ".join(expression[node.place.start : node.place.end].split())


def _told(node: Node, measures: Measures) -> Iterator[str]:
    for name in names_in(node):
        yield MEASURES[name].phrase(measures)
    for question in _questions(node):
        answer = value(question, measures)
        if question.function == "field":
            yield f"the field {question.text} is {answer:g}"
        elif question.function == "label":
            yield f"{'has' if answer else 'doesn’t have'} the label {question.text}"
        else:
            yield f"{'is' if answer else 'isn’t'} of the type {question.text}"


def _meant(node: Node) -> Iterator[str]:
    for name in names_in(node):
        yield MEASURES[name].words
    for question in _questions(node):
        yield _QUESTIONS[question.function].format(question.text)


def _questions(node: Node) -> Iterator[Asked]:
    match node:
        case Asked():
            yield node
        case Negated(_, operand):
            yield from _questions(operand)
        case Binary(_, left, right):
            yield from _questions(left)
            yield from _questions(right)
        case Call(_, arguments):
            for argument in arguments:
                yield from _questions(argument)


def _sentence(phrases: list[str]) -> str:
    text = "; ".join(dict.fromkeys(phrases))
    return f"{text[:1].upper()}{text[1:]}." if text else ""
