"""Whether a rule is about an issue, and what of the issue it found."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import msgspec

from errata.core.designation.facts import Facts, Frame
from errata.core.designation.globs import matches, matches_path, owns
from errata.core.designation.hours import hours
from errata.core.designation.rules import DesignationRule


class PathMapping(msgspec.Struct, frozen=True):
    """Where a folder of the running program is in the repository: `/app/` is `backend/`."""

    stack_root: str
    source_root: str


def find_match(rule: DesignationRule, facts: Facts, *, mappings: Sequence[PathMapping] = ()) -> str | None:
    """What of the issue the rule is about, in words: `billing/charge.py`. None when it isn't about it."""
    match rule.kind:
        case "always":
            return "every issue"
        case "path":
            return _of_frames(facts.frames, lambda path: matches_path(rule.pattern, path), mappings)
        case "codeowners":
            own = [frame for frame in facts.frames if frame.in_app]
            return _of_frames(own, lambda path: owns(rule.pattern, path), mappings)
        case "module":
            return next((one.module for one in facts.frames if one.module and matches(rule.pattern, one.module)), None)
        case "url":
            return facts.url if facts.url and matches(rule.pattern, facts.url) else None
        case "tag":
            return _tag(rule.pattern, facts)
        case "service":
            return next((name for name in facts.services if matches(rule.pattern, name)), None)
        case "type":
            return facts.type if facts.type and matches(rule.pattern, facts.type) else None


def holds_now(rule: DesignationRule, *, at: datetime) -> bool:
    """Whether the rule's hours are on."""
    return not rule.hours or hours(rule.hours).hold(at)


def _of_frames(frames: Sequence[Frame], fits: Callable[[str], bool], mappings: Sequence[PathMapping]) -> str | None:
    return next((path for frame in frames for path in _paths(frame, mappings) if fits(path)), None)


def _paths(frame: Frame, mappings: Sequence[PathMapping]) -> Iterator[str]:
    """Every way to name the frame's file: as the repository does first, then as the client does."""
    given = [path.replace("\\", "/") for path in dict.fromkeys((frame.path, frame.abs_path)) if path]
    for path in given:
        for mapping in mappings:
            if path.startswith(mapping.stack_root):
                yield mapping.source_root + path[len(mapping.stack_root) :]
    for path in given:
        yield path.removeprefix("./")


def _tag(pattern: str, facts: Facts) -> str | None:
    name, _, wanted = pattern.partition("=")
    found = next((value for key, value in facts.tags if key == name and matches(wanted or "*", value)), None)
    return None if found is None else f"{name}={found}"
