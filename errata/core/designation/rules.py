"""Rules of designation, as a template holds them."""

from typing import Literal

import msgspec

DesignationKind = Literal["path", "url", "tag", "service", "module", "type", "always"]
Choice = Literal["first", "round_robin", "least_load", "skill", "on_duty"]


class DesignationRule(msgspec.Struct, frozen=True):
    """One line of the list: what it is about, and among whom to choose how."""

    kind: DesignationKind = "always"
    pattern: str = ""  # a glob over what `kind` names; `tag` is written name=glob
    owners: tuple[str, ...] = ()  # e-mail addresses and #teams
    choose: Choice = "first"
    hours: str = ""  # "08:00-16:00 Europe/Berlin": the rule holds only then
