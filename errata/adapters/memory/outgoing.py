"""Outgoing requests that go nowhere: what was sent is kept, and the answers are given beforehand."""

from errata.ports.outgoing import Answer, Outbound


class MemoryOutgoing:
    """Answers 200, or what is in `answers`, in order; one that is an exception is raised."""

    def __init__(self) -> None:
        self.sent: list[Outbound] = []
        self.answers: list[Answer | Exception] = []

    def send(self, request: Outbound) -> Answer:
        """Keep the request."""
        self.sent.append(request)
        answer = self.answers.pop(0) if self.answers else Answer(status=200, body="ok")
        if isinstance(answer, Exception):
            raise answer
        return answer


class MemoryRelays:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str]] = []

    def send(self, *, url: str, title: str, text: str) -> None:
        """Keep it."""
        self.told.append((url, title, text))
