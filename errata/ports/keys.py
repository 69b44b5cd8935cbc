"""What intake knows of projects: a snapshot, read from memory for every request."""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from errata.core.event.scrub import ScrubRules


class IntakeKey(msgspec.Struct, frozen=True):
    """A project key as intake sees it."""

    key_id: int
    project_id: int
    public_key: str
    active: bool  # the key is enabled and so is its project
    quota_per_minute: int  # accepted events a minute of this key; 0 = no quota


class IntakeProject(msgspec.Struct, frozen=True):
    project_id: int
    quota_per_minute: int
    allowed_origins: tuple[str, ...]  # empty = all
    scrub: ScrubRules
    dictionary: int  # the current zstd dictionary; 0 = none


UNREAD = -1  # the version of a snapshot that stands for "nothing was read yet"


class KeySnapshot(msgspec.Struct, frozen=True):
    version: int  # 0 as long as nothing was ever made
    keys: Mapping[str, IntakeKey]  # by public key
    projects: Mapping[int, IntakeProject]


class Keys(Protocol):
    def current(self) -> KeySnapshot:
        """Never blocks, never fails: the last snapshot known."""

    def refresh(self) -> KeySnapshot:
        """Look again now (an unknown key was presented). Rate-limited by the implementation."""
