"""What of a search can't be read, as a page marks it."""

import msgspec

from errata.core.search import SearchError


class Problem(msgspec.Struct, frozen=True):
    message: str
    before: str = ""
    after: str = ""


def problem_of(error: SearchError, query: str) -> Problem:
    """The search cut in two at what can't be read."""
    return Problem(message=error.message, before=query[: error.position], after=query[error.position :])
