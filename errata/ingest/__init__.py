"""The hot path: what programs send, decided on from memory and written to the journal. No framework, no database."""

from errata.ingest.rsgi import Intake

__all__ = ["Intake"]
