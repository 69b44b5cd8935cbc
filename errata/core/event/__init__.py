"""What an event says: decoded narrowly at intake, described in facts, and read whole when somebody looks.

Scrub first (`scrub.scrub`), then `decode`, group and `describe`: what is removed must not survive in a title.
"""

from errata.core.event.decoder import decode
from errata.core.event.facts import describe, event_id_of
from errata.core.event.fields import EventFields
from errata.core.event.parse import MalformedEvent

__all__ = ["EventFields", "MalformedEvent", "decode", "describe", "event_id_of"]
