"""Colours for a line of code: keywords, strings, numbers and comments of the languages that send errors."""

import re

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_CHARS_MAX = 2_000
_KEYWORDS = (
    "and|as|assert|async|await|begin|break|case|catch|class|const|continue|def|default|defer|del|do|elif|else|elsif|end|"
    "ensure|enum|except|export|extends|False|false|final|finally|fn|for|foreach|from|func|function|global|go|if|implements|"
    "import|impl|in|instanceof|interface|is|lambda|let|match|mod|module|mut|namespace|new|nil|None|nonlocal|not|null|or|"
    "package|pass|private|protected|pub|public|raise|require|rescue|return|select|self|static|struct|super|switch|this|"
    "throw|throws|trait|True|true|try|type|typeof|undefined|unless|use|using|var|void|when|where|while|with|yield"
)
_TOKENS = re.compile(
    rf"""(?P<c>\#(?!\{{|\[).*$|//.*$|/\*.*?\*/)
    |(?P<s>[rbfuRBFU]{{0,2}}(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`))
    |(?P<n>\b\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?\b|\b0x[\da-fA-F]+\b)
    |(?P<k>\b(?:{_KEYWORDS})\b)""",
    re.VERBOSE,
)


def highlighted(line: str) -> SafeString:
    """The line as HTML. What is not a token is only escaped."""
    if len(line) > _CHARS_MAX:  # minified: colour would cost more than it tells
        return escape(line[:_CHARS_MAX] + " …")
    parts: list[str] = []
    end = 0
    for match in _TOKENS.finditer(line):
        parts.append(escape(line[end : match.start()]))
        parts.append(f'<span class="tok-{match.lastgroup}">{escape(match[0])}</span>')
        end = match.end()
    parts.append(escape(line[end:]))
    return mark_safe("".join(parts))  # noqa: S308 (every piece is escaped above)
