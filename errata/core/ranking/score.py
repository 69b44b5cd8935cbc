"""A tree and an issue's measures → a number. Always one, always finite: no expression stops the list."""

import math
from collections.abc import Callable, Mapping

from errata.core.ranking.types import Asked, Binary, Call, Measures, Name, Negated, Node, Number

# Beyond any sensible score; keeps what overflows in order and in a column of double precision.
_SCORE_MAX = 1e12


def score(node: Node, measures: Measures) -> float:
    """The score of an issue, to two decimals: smaller differences are noise."""
    return round(value(node, measures), 2) + 0.0  # no minus zero


def value(node: Node, measures: Measures) -> float:
    """What a part of an expression comes to."""
    match node:
        case Number(number):
            return _finite(number)
        case Name(name):
            return _finite(getattr(measures, name))
        case Negated(operator, operand):
            own = value(operand, measures)
            return float(not own) if operator == "not" else -own if operator == "-" else own
        case Binary("and", left, right):
            return float(bool(value(left, measures)) and bool(value(right, measures)))
        case Binary("or", left, right):
            return float(bool(value(left, measures)) or bool(value(right, measures)))
        case Binary(operator, left, right):
            return _finite(_BINARY[operator](value(left, measures), value(right, measures)))
        case Call(function, arguments):
            return _finite(_CALLS[function](*(value(argument, measures) for argument in arguments)))
        case Asked(function, text):
            return _ASKED[function](measures, text.casefold())


def _finite(number: float) -> float:
    if math.isnan(number):
        return 0.0
    return max(-_SCORE_MAX, min(float(number), _SCORE_MAX))


def _divided(left: float, right: float) -> float:
    return left / right if right else 0.0


def _remainder(left: float, right: float) -> float:
    return left % right if right else 0.0


def _power(base: float, exponent: float) -> float:
    if base == 0 and exponent < 0:
        return 0.0
    try:
        raised = base**exponent
    except OverflowError:
        return _SCORE_MAX
    # A root of a negative number is none that could be compared.
    return 0.0 if isinstance(raised, complex) else raised


_BINARY: Mapping[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divided,
    "%": _remainder,
    "**": _power,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
}
_CALLS: Mapping[str, Callable[..., float]] = {
    "min": min,
    "max": max,
    "if": lambda condition, then, otherwise: then if condition else otherwise,
    "abs": abs,
    "sqrt": lambda number: math.sqrt(number) if number > 0 else 0.0,
    "log": lambda number: math.log10(1 + number) if number > 0 else 0.0,
    "round": round,
}
_ASKED: Mapping[str, Callable[[Measures, str], float]] = {
    "label": lambda measures, text: float(text in measures.labels),
    "type": lambda measures, text: float(text == measures.type_name.casefold()),
    "field": lambda measures, text: _finite(measures.fields.get(text, 0.0)),
}
