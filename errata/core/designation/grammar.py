"""The text of ownership rules: one a line, as Sentry has them, with the choice among the owners behind them.

`path:billing/** #payments choose=least_load`, `url:*/checkout* bob@shop.example deputy=eve@shop.example`,
`tags.region:eu* #europe hours="mon-fri 08:00-16:00 Europe/Berlin"`, `* #triage choose=round_robin`.
"""

import difflib
import re
from typing import cast, get_args

import msgspec

from errata.core.designation.hours import HoursRefused, hours
from errata.core.designation.rules import Choice, DesignationKind, DesignationRule

# As much as an ownership file of 3 MB has, which is what CODEOWNERS files may have.
LINES_MAX = 50_000
# Longer than any path that a client sends (limits.SYMBOL_CHARS_MAX twice), and short enough to compare quickly.
PATTERN_CHARS_MAX = 512

_TYPED = re.compile(r"(path|module|url|codeowners|service|type|tags\.([^\s:\"]+)):", re.IGNORECASE)
_SCHEME = re.compile(r"([A-Za-z.]+)[^\s:\"/]*:(?!//)")
_COMPARED = ("path", "module", "url", "codeowners", "service", "type", "tags", "tag")
_WORD = re.compile(r'\s*([a-z]+=)?(?:"((?:[^"\\]|\\.)*)"|(\S+))')
_OPTIONS = ("choose", "hours", "skill", "deputy")


class Problem(msgspec.Struct, frozen=True):
    """A line that can't be read, and what to do about it."""

    line: int
    text: str
    why: str


class RuleText(msgspec.Struct, frozen=True):
    rules: tuple[DesignationRule, ...]
    lines: tuple[int, ...]  # of each rule
    problems: tuple[Problem, ...]


class _Unreadable(Exception):
    """Why a line isn't a rule."""


def read_rules(text: str) -> RuleText:
    """Read a text of rules. Lines that can't be read are told of, and left out."""
    rules: list[DesignationRule] = []
    numbers: list[int] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.strip()
        if not plain or plain.startswith("#"):
            continue
        if len(rules) >= LINES_MAX:
            problems.append(Problem(number, plain[:200], f"Only {LINES_MAX:,} rules are read."))
            break
        try:
            rules.append(_rule(plain))
            numbers.append(number)
        except (_Unreadable, HoursRefused) as error:
            problems.append(Problem(number, plain[:200], str(error)))
    return RuleText(rules=tuple(rules), lines=tuple(numbers), problems=tuple(problems))


def is_owner(word: str) -> bool:
    """Whether a word names a person or a team."""
    return (word.startswith("#") and len(word) > 1) or ("@" in word[1:-1])


def _rule(line: str) -> DesignationRule:
    kind, tag, rest = _kind(line)
    pattern, rest = _pattern(rest)
    if kind == "path" and pattern == "*":
        kind = "always"
    if kind == "tag":
        pattern = f"{tag}={pattern}"
    if len(pattern) > PATTERN_CHARS_MAX:
        raise _Unreadable(f"The pattern has {len(pattern)} characters; {PATTERN_CHARS_MAX} is the most.")
    return _with_words(DesignationRule(kind=kind, pattern="" if kind == "always" else pattern), rest)


def _kind(line: str) -> tuple[DesignationKind, str, str]:
    typed = _TYPED.match(line)
    if typed is None:
        _check_slip(line)
        return "path", "", line
    rest = line[typed.end() :]
    if typed[2]:
        return "tag", typed[2], rest
    return cast("DesignationKind", typed[1].lower()), "", rest


def _check_slip(line: str) -> None:
    """A path may begin with a scheme (`app:///`, `node:internal`), so only what is nearly a word of ours is a slip."""
    word = _SCHEME.match(line)
    if word is None:
        return
    first, dot, _ = word[1].partition(".")
    near = difflib.get_close_matches(first.lower(), ("tags", "tag") if dot else _COMPARED, n=1, cutoff=0.75)
    if near:
        meant = "tags.NAME" if near[0].startswith("tag") else near[0]
        path = f"A path that begins so is “path:{word[1]}:…”."
        raise _Unreadable(f"There is no “{word[1]}:”. Did you mean {meant}:? {path}")


def _pattern(rest: str) -> tuple[str, str]:
    word = _WORD.match(rest)
    if word is None or rest[:1].isspace():
        raise _Unreadable("There is no pattern. A rule is “path:billing/** bob@shop.example”.")
    if word[2] is not None and not word[1]:
        return _unescaped(word[2]), rest[word.end() :]
    plain = rest.split(maxsplit=1)
    return plain[0], plain[1] if len(plain) > 1 else ""


def _with_words(rule: DesignationRule, rest: str) -> DesignationRule:
    owners: list[str] = []
    given: dict[str, list[str]] = {}
    for word in _WORD.finditer(rest):
        name, value = (word[1] or "")[:-1], word[3] if word[2] is None else _unescaped(word[2])
        if name:
            given.setdefault(name, []).append(value)
        elif is_owner(value):
            owners.append(value.casefold())
        elif value.startswith("#"):
            break  # a remark behind the rule
        else:
            raise _Unreadable(f"“{value}” is neither an e-mail address nor a #team.")
    if unknown := sorted(set(given) - set(_OPTIONS)):
        raise _Unreadable(f"There is no “{unknown[0]}=”. Behind the owners may stand {', '.join(_OPTIONS)}.")
    if strange := [one for one in given.get("deputy", ()) if not is_owner(one)]:
        raise _Unreadable(f"The deputy “{strange[0]}” is neither an e-mail address nor a #team.")
    return msgspec.structs.replace(
        rule,
        owners=tuple(dict.fromkeys(owners)),
        choose=_choice(given.get("choose", ["first"])[-1]),
        hours=_hours(given.get("hours", [""])[-1]),
        deputies=tuple(dict.fromkeys(one.casefold() for one in given.get("deputy", ()))),
        skills=tuple(dict.fromkeys(one.casefold() for one in given.get("skill", ()) if one)),
    )


def _choice(text: str) -> Choice:
    wanted = text.lower().replace("-", "_").replace(" ", "_")
    if wanted not in get_args(Choice):
        raise _Unreadable(f"Nobody is chosen by “{text}”. Choose by {', '.join(get_args(Choice))}.")
    return cast("Choice", wanted)


def _hours(text: str) -> str:
    if text:
        hours(text)
    return text


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
