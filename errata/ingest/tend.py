"""What intake does beside answering: a thread makes ready what takes long, and sends off the counts of the refused."""

import threading

import structlog

from errata.core.event.scrub import ScrubRules, scrub
from errata.ingest.accept import Acceptor
from errata.ingest.compress import Compressor
from errata.ports.journal import JournalUnavailable, JournalWriter

_PREPARE_S = 0.5
# Counts of refused items may be this late. One record for each key that had any.
_REPORT_S = 5.0

log = structlog.get_logger(__name__)


class Tending:
    """The thread."""

    def __init__(self, *, acceptor: Acceptor, compressor: Compressor, journal: JournalWriter) -> None:
        self._acceptor = acceptor
        self._compressor = compressor
        self._journal = journal
        self._unsent: list[bytes] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="intake tending", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and send what is left."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        self.report()

    def report(self) -> None:
        """Send the counts. When the journal takes nothing they are kept for the next time."""
        self._unsent += self._acceptor.take_reports()
        if not self._unsent:
            return
        try:
            self._journal.append(self._unsent)
        except JournalUnavailable as error:
            log.warning("counts of refused items wait", reports=len(self._unsent), error=str(error))
        else:
            self._unsent = []

    def _run(self) -> None:
        # Compiles the patterns that find secrets: half a second that the first event need not wait for.
        scrub(b"{}", ScrubRules())
        waited_s = 0.0
        while not self._stopped.wait(_PREPARE_S):
            self._compressor.prepare()
            waited_s += _PREPARE_S
            if waited_s >= _REPORT_S:
                waited_s = 0.0
                self.report()
