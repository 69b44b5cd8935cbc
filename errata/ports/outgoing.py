"""What leaves the installation for addresses that people gave."""

from collections.abc import Mapping
from typing import Protocol

import msgspec


class Outbound(msgspec.Struct, frozen=True):
    """A request to somebody else's server."""

    url: str
    body: bytes
    headers: Mapping[str, str] = {}
    method: str = "POST"


class Answer(msgspec.Struct, frozen=True):
    """What the server said: its status, the beginning of its text, and how long it wants to be left alone."""

    status: int
    body: str = ""
    retry_after_s: float | None = None


class OutgoingRefused(Exception):
    """The address is one that nothing may be sent to. Trying again changes nothing."""


class OutgoingFailed(Exception):
    """The server can't be reached, or doesn't answer in time. Trying again may help."""


class Outgoing(Protocol):
    def send(self, request: Outbound) -> Answer:
        """Send a request to a public address. Raise OutgoingRefused or OutgoingFailed. Redirects are not followed."""


class Relays(Protocol):
    def send(self, *, url: str, title: str, text: str) -> None:
        """Tell a service that has an address scheme of its own. Raise OutgoingRefused or OutgoingFailed."""


class NoOutgoing:
    """Refuses everything: for processes that send nothing."""

    def send(self, request: Outbound) -> Answer:  # noqa: ARG002 (the port's form)
        """Refuse."""
        raise OutgoingRefused("This process sends nothing.")


class NoRelays:
    """The same for services."""

    def send(self, *, url: str, title: str, text: str) -> None:  # noqa: ARG002 (the port's form)
        """Refuse."""
        raise OutgoingRefused("This process sends nothing.")
