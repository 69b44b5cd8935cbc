"""Versions as programs write them: which of two is older, where that can be said at all."""

import re
from collections.abc import Collection, Iterable
from typing import Literal

import msgspec

from errata.core.numeral import whole_number

Scheme = Literal["semver", "calendar", "hash", "other"]
_Key = tuple[tuple[int, int, str], ...]

# `shop@1.2.3+build`: the package is what stands before the last @ that something follows.
_NUMBERS = re.compile(r"[vV]?(\d{1,18}(?:\.\d{1,18}){1,3})(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?")
# 20261123 and 2026-11-23, with a number of the day behind it if need be; 2026.11.23 is numbers like any other.
_DATE = re.compile(r"[vV]?(20\d\d)(-?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?:[.-](\d{1,9}))?")
_HASH = re.compile(r"[0-9a-fA-F]{7,64}")


class Version(msgspec.Struct, frozen=True):
    text: str
    package: str  # "shop" of shop@1.2.3, or ""
    number: str  # what is behind the package
    scheme: Scheme
    numbers: tuple[int, ...] = ()  # without zeros at the end, so that 1.2 is 1.2.0
    pre: _Key = ()  # the parts of a pre-release; none is newer than any
    build: tuple[int, ...] = ()  # numeric builds are in order; what else stands there says nothing


def parse(text: str) -> Version:
    """Read a version. Every text is one; not every two can be compared."""
    trimmed = text.strip()
    before, at, number = trimmed.rpartition("@")
    package, number = (before, number) if at and number else ("", trimmed)
    if _is_hash(number):
        return Version(trimmed, package, number.lower(), "hash")
    if found := _DATE.fullmatch(number):
        parts = [int(part or 0) for part in found.group(1, 3, 4, 5)]
        return Version(trimmed, package, number, "calendar", numbers=_trimmed(parts))
    if found := _NUMBERS.fullmatch(number):
        dotted, pre, build = found.groups()
        numbers = [int(part) for part in dotted.split(".")]
        return Version(
            trimmed, package, number, "calendar" if 2000 <= numbers[0] < 2100 else "semver",
            numbers=_trimmed(numbers),
            pre=tuple(_identifier(part) for part in (pre or "").split(".") if part),
            build=_build(build or ""),
        )  # fmt: skip
    return Version(trimmed, package, number, "other")


def compare(one: str, other: str) -> int | None:
    """-1 where `one` is older, 1 where it is newer, 0 where neither is; None where versions alone can't tell."""
    left, right = parse(one), parse(other)
    if left.text == right.text:
        return 0
    if left.package.casefold() != right.package.casefold() or left.scheme != right.scheme:
        return None
    if left.scheme == "hash":
        return 0 if _same_hash(left.number, right.number) else None
    if left.scheme == "other":
        return None
    return _sign(_rank(left), _rank(right)) or _sign_of_builds(left.build, right.build)


def is_older(one: str, other: str) -> bool:
    """Whether `one` is certainly older than `other`."""
    return compare(one, other) == -1


def predates(release: str, *, carriers: Collection[str], without: Collection[str] = ()) -> bool:
    """Whether a release certainly lacks what the carriers have: it is among those without, or older than a carrier.

    A release that a carrier of its own package is not newer than may have it; so may one that can't be compared.
    """
    if release in without:
        return True
    orders = [order for carrier in carriers if (order := compare(release, carrier)) is not None]
    return bool(orders) and all(order == -1 for order in orders)


def latest(versions: Iterable[str]) -> str | None:
    """The newest of them, if there is one that no other is newer than and that all others can be compared with."""
    known = list(dict.fromkeys(versions))
    for candidate in known:
        if all(compare(other, candidate) in (-1, 0) for other in known):
            return candidate
    return None


def is_hash(version: str) -> bool:
    """Whether the version names a commit."""
    return parse(version).scheme == "hash"


def _is_hash(number: str) -> bool:
    # Digits alone are a date or a build; a hash of seven without a letter happens once in 27 times 27.
    return bool(_HASH.fullmatch(number)) and (len(number) == 40 or not number.isdecimal())


def _same_hash(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _trimmed(numbers: list[int]) -> tuple[int, ...]:
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _identifier(part: str) -> tuple[int, int, str]:
    number = whole_number(part)
    return (1, 0, part) if number is None else (0, number, "")


def _build(text: str) -> tuple[int, ...]:
    numbers = tuple(number for part in text.split(".") if (number := whole_number(part)) is not None)
    return numbers if len(numbers) == text.count(".") + 1 else ()


def _rank(version: Version) -> tuple[tuple[int, ...], bool, _Key]:
    return version.numbers, not version.pre, version.pre


def _sign(left: tuple[tuple[int, ...], bool, _Key], right: tuple[tuple[int, ...], bool, _Key]) -> int:
    return (left > right) - (left < right)


def _sign_of_builds(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    return (left > right) - (left < right) if left and right else 0
