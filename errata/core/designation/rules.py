"""Rules of designation, as a template or a project's ownership holds them, and their one line of text."""

from typing import Literal

import msgspec

DesignationKind = Literal["path", "url", "tag", "service", "module", "type", "always", "codeowners"]
Choice = Literal["first", "round_robin", "least_load", "skill", "on_duty"]

CHOICES: dict[Choice, str] = {
    "first": "the first who is there",
    "round_robin": "round robin",
    "least_load": "least load",
    "skill": "skill",
    "on_duty": "on duty",
}


class DesignationRule(msgspec.Struct, frozen=True):
    """One line of the list: what it is about, and among whom to choose how."""

    kind: DesignationKind = "always"
    pattern: str = ""  # a glob over what `kind` names; `tag` is written name=glob, `codeowners` as in that file
    owners: tuple[str, ...] = ()  # e-mail addresses and #teams
    choose: Choice = "first"
    hours: str = ""  # "mon-fri 08:00-16:00 Europe/Berlin": the rule holds only then
    deputies: tuple[str, ...] = ()  # who stands in, before anybody else is looked for
    skills: tuple[str, ...] = ()  # what `choose: skill` looks for; empty = the issue's own labels, tags and type


def format_rule(rule: DesignationRule) -> str:
    """The rule as a line of the ownership text, which reads back as the same rule."""
    words = [_matcher(rule), *rule.owners]
    words += [f"deputy={deputy}" for deputy in rule.deputies]
    if rule.choose != "first":
        words.append(f"choose={rule.choose}")
    words += [f"skill={quoted(skill)}" for skill in rule.skills]
    if rule.hours:
        words.append(f"hours={quoted(rule.hours)}")
    return " ".join(words)


def subject_of(rule: DesignationRule) -> str:
    """What the rule is about, alone: `path:billing/**`."""
    return _matcher(rule)


def quoted(text: str) -> str:
    """The text as one word of a line."""
    plain = text and not any(mark.isspace() or mark in '"\\#' for mark in text)
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _matcher(rule: DesignationRule) -> str:
    if rule.kind == "always":
        return "*"
    if rule.kind == "tag":
        name, _, pattern = rule.pattern.partition("=")
        return f"tags.{name}:{quoted(pattern)}"
    return f"{rule.kind}:{quoted(rule.pattern)}"
