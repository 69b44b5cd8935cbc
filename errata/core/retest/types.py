"""What is known of a fix, and what it proves."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

ProofName = Literal["released", "checked", "silent"]
ProofState = Literal["pass", "fail", "wait", "none"]  # none: it doesn't apply
Outcome = Literal["pass", "fail", "wait"]
CheckState = Literal["passed", "failed", "pending", "neutral"]

PROOFS: tuple[ProofName, ...] = ("released", "checked", "silent")


class Fix(msgspec.Struct, frozen=True):
    """A commit or a release that is said to fix the issue."""

    name: str  # "1a2b3c4 of shop/payments", "shop@1.2.3"
    at: datetime
    reverted_by: str = ""  # the commit that takes it back


class Environment(msgspec.Struct, frozen=True):
    """What runs somewhere, and whether the fixes are in it."""

    name: str
    occurred: bool  # the issue was met there
    running: str  # the release, or "" where none is known
    carries: bool | None  # all fixes are in it; None where that can't be said
    since: datetime | None = None  # from when on releases with the fixes have run there without a break
    lost: str = ""  # the release with the fixes that ran there before the one that lacks them


class CheckResult(msgspec.Struct, frozen=True):
    """The newest result of a check on the fix or after it."""

    name: str
    state: CheckState
    at: datetime
    on: str  # the commit or release it looked at
    url: str = ""


class Recurrence(msgspec.Struct, frozen=True):
    """Events of one release and environment since the silence began to count."""

    release: str
    environment: str
    events: int
    first_at: datetime
    last_at: datetime
    carries: bool | None  # whether its release has the fixes; None where that can't be said
    event_id: str = ""


class Prior(msgspec.Struct, frozen=True):
    """How often it happened before."""

    events: int
    since: datetime
    until: datetime
    counts: tuple[int, ...] = ()  # in equal parts of that time
    traffic: float | None = None  # requests an hour then, where known


class Facts(msgspec.Struct, frozen=True):
    now: datetime
    entered: datetime  # when it came into Retest
    first_seen: datetime | None = None
    fixes: tuple[Fix, ...] = ()
    environments: tuple[Environment, ...] = ()  # those of which a deploy or a release is known
    checks: tuple[CheckResult, ...] = ()
    awaited: tuple[str, ...] = ()  # linked checks that nothing was heard of on the fix
    checks_expected: bool = False  # the fix's repository has checks, as a rule
    prior: Prior | None = None  # None: no event ever raised it
    recurrences: tuple[Recurrence, ...] = ()
    traffic: float | None = None  # requests an hour since, where known
    listening: datetime | None = None  # since when its events are taken; None: always


class Proof(msgspec.Struct, frozen=True):
    name: ProofName
    state: ProofState
    words: str
    numbers: Mapping[str, Any] = {}
    ready_at: datetime | None = None  # when it will hold if nothing happens
    share: float = 0.0  # of the way there, 0 … 1


class Verdict(msgspec.Struct, frozen=True):
    outcome: Outcome
    words: str
    proofs: tuple[Proof, ...]
    ready_at: datetime | None = None

    @property
    def needed(self) -> list[ProofName]:
        """The proofs that apply."""
        return [proof.name for proof in self.proofs if proof.state != "none"]

    @property
    def held(self) -> list[ProofName]:
        """The proofs that hold."""
        return [proof.name for proof in self.proofs if proof.state == "pass"]
