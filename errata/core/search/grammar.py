"""The grammar of the search language, and the parser built from it once."""

from typing import Any

from lark import Lark, Token, Transformer

from errata.core.search.build import Build, Clause

# KEY is a key only when a value follows at once: `TypeError: boom`, `Foo::bar` and `https://…` stay free text.
# Words may hold balanced parentheses, so that `main()` needs no quotes and `(a b)` is still a group.
GRAMMAR = r"""
start: either?
either: every (_OR every)*
every: one (_AND? one)*
?one: NOT one -> negated
    | "(" either ")" -> group
    | KEY OPERATOR? value -> term
    | KEY OPERATOR? "[" element ("," element)* "]" -> one_of
    | WORD -> word
    | QUOTED -> phrase
?value: VALUE -> bare | QUOTED -> quoted
?element: ELEMENT -> bare | QUOTED -> quoted

_AND.5: /(?i:and)(?=[\s()"!]|\Z)/
_OR.5: /(?i:or)(?=[\s()"!]|\Z)/
NOT.5: /!(?=\S)|NOT(?=[\s(])/
KEY.4: /(?:tags\[[^\]\s]+\]|[A-Za-z_][\w.\-]*|"(?:\\.|[^"\\])+"):(?![\s:]|\/\/|\Z)/
OPERATOR.3: /[<>]=?|!=|=/
QUOTED.2: /"(?:\\.|[^"\\])*"/s
VALUE: /[^\s()"\[](?:[^\s()"]|\([^\s()"]*\))*/
ELEMENT: /[^\s()"\[\],](?:[^\s()"\[\],]|\([^\s()"]*\))*/
WORD: /(?!(?i:and|or)(?:[\s()"!]|\Z))[^\s()"!](?:[^\s()"]|\([^\s()"]*\))*/
%ignore /\s+/
"""

Value = tuple[str, bool]  # the text, and whether it was quoted


class _ToClauses(Transformer[Token, Clause]):
    """From grammar to tree. Everything that needs judgement is in Build."""

    def __init__(self, build: Build) -> None:
        super().__init__(visit_tokens=False)
        self._build = build

    def start(self, parts: list[Clause]) -> Clause:
        return parts[0] if parts else Clause(None)

    def either(self, parts: list[Clause]) -> Clause:
        return self._build.either(parts)

    def every(self, parts: list[Clause]) -> Clause:
        return self._build.every(parts)

    def negated(self, parts: list[Any]) -> Clause:
        return self._build.negated(parts[1])

    def group(self, parts: list[Clause]) -> Clause:
        return parts[0]

    def term(self, parts: list[Any]) -> Clause:
        key, *operator, value = parts
        return self._build.term(key=key, operator=str(operator[0]) if operator else "", values=[value], listed=False)

    def one_of(self, parts: list[Any]) -> Clause:
        key, *rest = parts
        operator = str(rest.pop(0)) if isinstance(rest[0], Token) else ""
        return self._build.term(key=key, operator=operator, values=rest, listed=True)

    def word(self, parts: list[Token]) -> Clause:
        return self._build.word(parts[0])

    def phrase(self, parts: list[Token]) -> Clause:
        return self._build.phrase(parts[0])

    def bare(self, parts: list[Token]) -> Value:
        return str(parts[0]), False

    def quoted(self, parts: list[Token]) -> Value:
        return unquoted(parts[0]), True


def unquoted(token: str) -> str:
    return token[1:-1].replace('\\"', '"')


def parser(build: Build) -> Lark:
    """Make the parser. A few milliseconds: once for each catalog."""
    return Lark(GRAMMAR, parser="lalr", lexer="contextual", transformer=_ToClauses(build), propagate_positions=False)
