"""What a message says, before it takes the form of a mail or of some service's JSON."""

import re
from collections.abc import Mapping, Sequence

import msgspec

from errata.core.errors import Refusal

TITLE_WORDS, TEXT_WORDS = "{key} {title}", "{text}"
PLACEHOLDERS: Mapping[str, str] = {
    "key": "PAY-142", "title": "what failed", "text": "what happened", "reason": "why it is told",
    "project": "Payments", "stage": "Retest", "priority": "High", "severity": "Major", "actor": "who did it",
    "url": "the issue's page",
}  # fmt: skip
_PLACEHOLDER = re.compile(r"\{([a-z_]*)\}")
_WORDS_MAX = 1_000


class WordsRefused(Refusal):
    """A text with a placeholder that there isn't."""

    code = "words_refused"
    status = 422


class Note(msgspec.Struct, frozen=True):
    """One thing to tell."""

    kind: str
    title: str
    text: str
    reason: str = ""
    key: str = ""
    project: str = ""
    stage: str = ""
    priority: str = ""
    severity: str = ""
    actor: str = ""
    url: str = ""


class Parcel(msgspec.Struct, frozen=True):
    """One message: mostly one note, or all that waited."""

    uid: str
    notes: Sequence[Note]
    at_s: int  # when it was written
    settings_url: str = ""  # where its reader changes what they are sent

    @property
    def heading(self) -> str:
        """What it is about, in a line."""
        first = self.notes[0]
        if len(self.notes) == 1:
            return f"{first.key} {first.title}".strip()
        issues = len({note.key or note.url for note in self.notes})  # The words of a channel may leave the key out.
        return f"{len(self.notes)} notices about {'one issue' if issues == 1 else f'{issues} issues'}"


def checked_words(text: str, *, field: str) -> str:
    """The text, whose placeholders all exist. Raises WordsRefused."""
    tidy = text.strip()
    if len(tidy) > _WORDS_MAX:
        raise WordsRefused(f"At most {_WORDS_MAX:,} characters.", field=field)
    for name in _PLACEHOLDER.findall(tidy):
        if name not in PLACEHOLDERS:
            known = ", ".join(f"{{{known}}}" for known in PLACEHOLDERS)
            raise WordsRefused(f"There is no placeholder {{{name}}}. There are {known}.", field=field)
    return tidy


def filled(words: str, note: Note) -> str:
    """The words with the note's values. A value is text: braces in it mean nothing."""
    values = msgspec.structs.asdict(note)
    return " ".join(_PLACEHOLDER.sub(lambda found: str(values.get(found[1], "")), words).split(" ")).strip()


def worded(note: Note, *, title_words: str, text_words: str) -> Note:
    """The note in a channel's own words. The key moves into the title, wherever the words have put it."""
    title = filled(title_words or TITLE_WORDS, note)
    return msgspec.structs.replace(note, title=title, text=filled(text_words or TEXT_WORDS, note), key="")
