"""Who is to be told, in the words of a rule, an escalation or a workflow."""

import re

OWNER = re.compile(r"#[\w-]{1,60}|[^@\s]{1,64}@[^@\s]{1,190}")
MEANT = "the assignee, the deputy, watchers, an e-mail address, a #team or channel:NAME"
CHANNEL = "channel:"
_NAME = r'"[^"]{1,60}"|[^"\s,;]{1,60}'
_RECIPIENT = re.compile(rf"assignee|deputy|watchers|{CHANNEL}(?:{_NAME})|{OWNER.pattern}", re.IGNORECASE)
# One with spaces in its name stands in quotes: channel:"On call".
_WORD = re.compile(rf'{CHANNEL}"[^"]*"|[^\s,;]+', re.IGNORECASE)


def is_recipient(word: str) -> bool:
    """Whether a word can name somebody to tell: a person by role or address, a #team, or a channel."""
    return _RECIPIENT.fullmatch(word) is not None


def recipients(text: str) -> list[str]:
    """The words of a text that names several, separated by commas, semicolons or spaces."""
    return _WORD.findall(text)


def strange(text: str) -> str:
    """What is wrong with a text that is to name recipients; "" is nothing."""
    unknown = [word for word in recipients(text) if not is_recipient(word)]
    return f"“{', '.join(unknown)}” names nobody to tell: say {MEANT}." if unknown else ""


def channel_named(word: str) -> str:
    """The name of the channel that a word means; "" for one that means people."""
    begins = word[: len(CHANNEL)].casefold() == CHANNEL
    return word[len(CHANNEL) :].strip().strip('"').strip() if begins else ""
