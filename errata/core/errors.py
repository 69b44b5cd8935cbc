"""The one shape of an anticipated "no"."""

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """An anticipated refusal: it has a code, an HTTP status, a text for the person, and public data.

    Each concrete refusal is defined beside the function that raises it. Whatever is not a Refusal is a bug and
    propagates.
    """

    code: str = "refused"
    status: int = 400

    def __init__(self, message: str, **data: Any) -> None:
        super().__init__(message)
        self.message = message
        self.data: Mapping[str, Any] = data
