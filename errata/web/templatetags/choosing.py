"""One of many parts of a template, by a word: where a chain of `elif` would ask for each word in turn, for each row."""

from collections.abc import Mapping

from django import template
from django.template.base import FilterExpression, Node, NodeList, Parser, TextNode, Token
from django.template.context import Context
from django.utils.safestring import SafeString

register = template.Library()


class _Choice(Node):
    def __init__(self, word: FilterExpression, parts: Mapping[str, NodeList]) -> None:
        self._word, self._parts = word, parts
        self.nodelist = NodeList(node for part in parts.values() for node in part)

    def render(self, context: Context) -> SafeString:
        part = self._parts.get(self._word.resolve(context))
        return part.render(context) if part is not None else SafeString("")


@register.tag
def choose(parser: Parser, token: Token) -> Node:
    """`{% choose column.id %}{% when "key" %}…{% when "title" %}…{% endchoose %}`; nothing for any other word."""
    tag, *words = token.split_contents()
    if len(words) != 1:
        raise template.TemplateSyntaxError(f"“{tag}” takes what is to be chosen by, and nothing else.")
    before = parser.parse(("when", "endchoose"))
    if any(not isinstance(node, TextNode) or node.s.strip() for node in before):
        raise template.TemplateSyntaxError(f"Nothing can stand between “{tag}” and its first “when”.")
    parts: dict[str, NodeList] = {}
    while (word := _when(parser.next_token())) is not None:
        if word in parts:
            raise template.TemplateSyntaxError(f"A “when” of “{tag}” stands twice: {word}.")
        parts[word] = parser.parse(("when", "endchoose"))
    return _Choice(parser.compile_filter(words[0]), parts)


def _when(token: Token) -> str | None:
    """The word of a `when`, or None at the end."""
    tag, *words = token.split_contents()
    if tag == "endchoose":
        return None
    if len(words) != 1 or len(words[0]) < 2 or words[0][0] + words[0][-1] != '""':
        raise template.TemplateSyntaxError(f"“{tag}” takes one word in double quotes.")
    return words[0][1:-1]
