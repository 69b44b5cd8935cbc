"""Groups of records: who waits for whom, and who doesn't."""

import asyncio
from collections.abc import Sequence

import pytest

from errata.ingest.commits import Commits
from errata.ports.journal import Done, JournalFull


class Journal:
    """Notes what is submitted together. Tells at once, or when the test does."""

    def __init__(self, *, error: JournalFull | None = None, holds: bool = False) -> None:
        self.groups: list[list[bytes]] = []
        self.held: list[Done] = []
        self._error, self._holds = error, holds

    def append(self, records: Sequence[bytes]) -> None:
        raise NotImplementedError

    def submit(self, records: Sequence[bytes], *, done: Done) -> None:
        self.groups.append(list(records))
        if self._holds:
            self.held.append(done)
        else:
            done(self._error)

    def close(self) -> None:
        raise NotImplementedError


async def send(commits: Commits, record: bytes, *, decided: asyncio.Event) -> None:
    with commits:
        await asyncio.sleep(0)  # while the body is read
        await decided.wait()
        on_disk = commits.append([record])
    await on_disk


def decided() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


def test_a_record_alone_goes_at_once():
    async def run() -> None:
        journal = Journal(holds=True)
        task = asyncio.create_task(send(Commits(journal), b"one", decided=decided()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert journal.groups == [[b"one"]]
        journal.held[0](None)
        await task

    asyncio.run(run())


def test_those_that_are_being_decided_on_go_together():
    async def run() -> None:
        journal, last = Journal(), asyncio.Event()
        commits = Commits(journal)
        tasks = [asyncio.create_task(send(commits, b"%d" % n, decided=decided())) for n in range(3)]
        tasks.append(asyncio.create_task(send(commits, b"last", decided=last)))
        await asyncio.sleep(0)
        assert journal.groups == []
        last.set()
        await asyncio.gather(*tasks)
        assert journal.groups == [[b"0", b"1", b"2", b"last"]]

    asyncio.run(run())


def test_nobody_waits_for_long_for_a_body_that_does_not_come():
    async def run() -> None:
        journal = Journal()
        commits = Commits(journal)
        slow = asyncio.create_task(send(commits, b"slow", decided=asyncio.Event()))
        await asyncio.sleep(0)
        await send(commits, b"one", decided=decided())
        assert journal.groups == [[b"one"]]
        slow.cancel()
        await asyncio.gather(slow, return_exceptions=True)

    asyncio.run(run())


@pytest.mark.parametrize("reason", [ValueError(), asyncio.CancelledError()], ids=["refused", "broken off"])
def test_the_last_one_lets_the_others_go_even_when_it_brings_nothing(reason):
    async def leave(commits: Commits, told: asyncio.Event) -> None:
        with commits:
            await told.wait()
            raise reason

    async def run() -> None:
        journal, told = Journal(holds=True), asyncio.Event()
        commits = Commits(journal)
        leaving = asyncio.create_task(leave(commits, told))
        waiting = asyncio.create_task(send(commits, b"one", decided=decided()))
        await asyncio.sleep(0)
        assert journal.groups == []
        told.set()
        await asyncio.gather(leaving, return_exceptions=True)
        assert journal.groups == [[b"one"]]
        journal.held[0](None)
        await waiting

    asyncio.run(run())


def test_everybody_of_a_group_hears_that_it_was_not_possible():
    async def run() -> None:
        commits = Commits(Journal(error=JournalFull("The disk is full.")))
        sent = (send(commits, b"%d" % n, decided=decided()) for n in range(3))
        told = await asyncio.gather(*sent, return_exceptions=True)
        assert [type(one) for one in told] == [JournalFull] * 3

    asyncio.run(run())


def test_a_client_that_has_gone_keeps_nobody_from_hearing():
    async def run() -> None:
        journal = Journal(holds=True)
        commits = Commits(journal)
        gone, stays = (asyncio.create_task(send(commits, name, decided=decided())) for name in (b"gone", b"stays"))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        journal.held[0](None)
        await stays
        assert gone.cancelled()

    asyncio.run(run())
