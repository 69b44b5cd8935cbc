"""Markdown as people write it in comments, made into HTML that can do no harm."""

import re
from collections.abc import Mapping
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


def to_html(text: str, *, issue_url: str = "", titles: Mapping[str, str] | None = None) -> str:
    """Render Markdown; issue keys become links when `issue_url` (with a `{}`) is given.

    With `titles`, only those keys do that are in it, and say under the pointer what they lead to.
    """
    linked = _link_keys(text, issue_url, titles) if issue_url else text
    return nh3.clean(
        _parser().render(linked),
        tags=_TAGS,
        attributes={"a": {"href", "title"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


def _link_keys(text: str, issue_url: str, titles: Mapping[str, str] | None) -> str:
    # Code is left alone: every other piece between backticks is code.
    pieces = re.split(r"(`+[^`]*`+)", text)
    return "".join(
        piece if index % 2 else _ISSUE_KEY.sub(lambda match: _link(match[1], issue_url, titles), piece)
        for index, piece in enumerate(pieces)
    )


def _link(key: str, issue_url: str, titles: Mapping[str, str] | None) -> str:
    if titles is None:
        return f"[{key}]({issue_url.format(key)})"
    if key not in titles:
        return key
    # A title is text: what Markdown would read in it is taken for itself.
    title = re.sub(r"([\\\"`*_\[\]<>&])", r"\\\1", " ".join(titles[key].split()))
    return f'[{key}]({issue_url.format(key)} "{title}")'
