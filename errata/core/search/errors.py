"""What a search says when it can't be understood."""

from errata.core.errors import Refusal


class SearchError(Refusal):
    """A search that can't be understood: where, what was expected there, and what was perhaps meant."""

    code = "search_invalid"
    status = 400

    def __init__(
        self, message: str, *, position: int, expected: tuple[str, ...] = (), suggestion: str | None = None
    ) -> None:
        super().__init__(message, position=position, expected=list(expected), suggestion=suggestion)
        self.position = position
        self.expected = expected
        self.suggestion = suggestion
