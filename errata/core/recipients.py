"""Who is to be told, in the words of a rule, an escalation or a workflow."""

import re

OWNER = re.compile(r"#[\w-]{1,60}|[^@\s]{1,64}@[^@\s]{1,190}")
MEANT = "the assignee, the deputy, watchers, an e-mail address or a #team"
_RECIPIENT = re.compile(rf"assignee|deputy|watchers|{OWNER.pattern}", re.IGNORECASE)


def is_recipient(word: str) -> bool:
    """Whether a word can name somebody to tell: assignee, deputy, watchers, an e-mail address or a #team."""
    return _RECIPIENT.fullmatch(word) is not None


def recipients(text: str) -> list[str]:
    """The words of a text that names several, separated by commas or spaces."""
    return text.replace(",", " ").split()
