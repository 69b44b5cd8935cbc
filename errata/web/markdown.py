"""Markdown as people write it in comments, made into HTML that can do no harm."""

import re
from collections.abc import Callable, Mapping
from functools import cache

import nh3
from markdown_it import MarkdownIt

_TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre", "s", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
# Addresses and issue keys become links; where a link is written out already, it is left alone.
_LINKED = re.compile(
    r"(?P<written>\[[^\[\]\n]*\]\([^)\n]*\)|<[^<>\n]*>)"
    r"|(?<!\w)(?P<address>https?://[^\s<>()\[\]]*[\w/#=&%~+-])"
    r"|(?<![\w/-])(?P<key>[A-Z][A-Z0-9]{1,9}-\d{1,9})(?![\w-])"
)
_TASK = re.compile(r"(<li>(?:\s*<p>)?)\[([ xX])\] ")


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True}).enable(
        ["table", "strikethrough"]
    )


def to_html(text: str, *, issue_url: str = "", titles: Mapping[str, str] | None = None) -> str:
    """Render Markdown; issue keys become links when `issue_url` (with a `{}`) is given.

    With `titles`, only those keys do that are in it, and say under the pointer what they lead to.
    """
    linked = _outside_code(text, lambda piece: _link(piece, issue_url, titles))
    return nh3.clean(
        _TASK.sub(_box, _parser().render(linked)),
        tags=_TAGS,
        attributes={"a": {"href", "title"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    # Every other piece between backticks is code.
    pieces = re.split(r"(`+[^`]*`+)", text)
    return "".join(piece if index % 2 else change(piece) for index, piece in enumerate(pieces))


def _link(text: str, issue_url: str, titles: Mapping[str, str] | None) -> str:
    def linked(match: re.Match[str]) -> str:
        if address := match["address"]:
            return f"<{address}>"
        return _key(match["key"], issue_url, titles) if match["key"] and issue_url else match[0]

    return _LINKED.sub(linked, text)


def _box(match: re.Match[str]) -> str:
    return f"{match[1]}{'☐' if match[2] == ' ' else '☑'} "


def _key(key: str, issue_url: str, titles: Mapping[str, str] | None) -> str:
    if titles is None:
        return f"[{key}]({issue_url.format(key)})"
    if key not in titles:
        return key
    # A title is text: what Markdown would read in it is taken for itself.
    title = re.sub(r"([\\\"`*_\[\]<>&])", r"\\\1", " ".join(titles[key].split()))
    return f'[{key}]({issue_url.format(key)} "{title}")'
