"""What the digest says of itself: plain numbers, written by its one thread, read by whoever asks."""

import msgspec


class Meters(msgspec.Struct):
    batches: int = 0
    records: int = 0  # journal entries read and done with
    events: int = 0  # events stored and counted
    signals: int = 0  # other signals stored
    repeats: int = 0
    poison: int = 0
    opened: int = 0  # issues that a first event made
    regressed: int = 0
    dictionaries: int = 0
    failures: int = 0  # turns that were given up and tried again
    backlog: int = 0  # records waiting, at the last look
    journal_bytes: int = 0
    through_ms: int = 0  # what was received before this moment is digested
    batch_records: int = 0  # size of the last batch
    batch_ms: int = 0  # time the last batch took
    waiting_for: str = ""  # what is missing, when something is
