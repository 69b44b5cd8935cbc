"""Errata: issue management and error tracking in one small program.

The path of an event: a client posts an envelope to `ingest`, which decodes it, scrubs it, fingerprints it and appends
it to the journal, and only then says 200. `digest` reads the journal in batches, stores the events
(`ports.event_store`) and, in one transaction, counts them into issues (`apps.issues`). People see and work the issues
through `web`, `api` and the command line in `ops`. The rules all of them obey are pure functions in `core`.
"""

__version__ = "0.1.0"
