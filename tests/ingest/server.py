"""An intake on a port, in a process of its own: `python -m tests.ingest.server PORT DIRECTORY`."""

import asyncio
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from errata.adapters.files.blobs import FileBlobs
from errata.adapters.mmap.quotas import SharedQuotas
from errata.adapters.sqlite.journal import SqliteJournals
from errata.ingest import Intake
from errata.ops import http
from tests.ingest.clients import KnownDictionaries, KnownKeys


def now() -> datetime:
    return datetime.now(UTC)


class Application:
    def __init__(self, directory: Path) -> None:
        self.journals = SqliteJournals(directory / "journals", bytes_max=2**30, free_bytes_min=0, clock=now)
        self.journal = self.journals.writer("worker-1")
        self.intake = Intake(
            keys=KnownKeys(),
            journal=self.journal,
            blobs=FileBlobs(directory / "blobs"),
            dictionaries=KnownDictionaries(),
            quotas=SharedQuotas(directory / "quotas"),
            clock=now,
            address=lambda scope: scope.client.rpartition(":")[0],
            new_id=lambda: uuid.uuid4().hex,
            idle_s=1.0,
        )

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        await self.intake.answer(scope, protocol, path=scope.path)


def main(port: int, directory: Path) -> None:
    application = Application(directory)
    application.intake.start()
    asyncio.run(http.listen(application, host="127.0.0.1", port=port, on_stop=lambda: None))
    application.intake.stop()
    application.journal.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
