"""Markdown as people write it in comments, made into HTML that can do no harm."""

import re
from functools import cache

import nh3
from markdown_it import MarkdownIt

_TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre", "s", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ISSUE_KEY = re.compile(r"(?<![\w/-])([A-Z][A-Z0-9]{1,9}-\d{1,9})(?![\w-])")


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True}).enable(
        ["table", "strikethrough"]
    )


def to_html(text: str, *, issue_url: str = "") -> str:
    """Render Markdown; issue keys become links when `issue_url` (with a `{}`) is given."""
    linked = _link_keys(text, issue_url) if issue_url else text
    return nh3.clean(
        _parser().render(linked),
        tags=_TAGS,
        attributes={"a": {"href", "title"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


def _link_keys(text: str, issue_url: str) -> str:
    # Code is left alone: every other piece between backticks is code.
    pieces = re.split(r"(`+[^`]*`+)", text)
    return "".join(
        piece if index % 2 else _ISSUE_KEY.sub(lambda m: f"[{m[1]}]({issue_url.format(m[1])})", piece)
        for index, piece in enumerate(pieces)
    )
