"""Whom a word of a rule, an escalation or a workflow names: who is to be told."""

from collections.abc import Iterable
from typing import Protocol

from errata.apps.accounts import queries as accounts
from errata.apps.notices.watching import watcher_ids
from errata.core.recipients import channel_named


class Held(Protocol):
    """An issue, as far as it says who holds it."""

    @property
    def issue_id(self) -> int: ...
    @property
    def organization_id(self) -> int: ...
    @property
    def assignee_id(self) -> int | None: ...
    @property
    def deputy_id(self) -> int | None: ...


def named_ids(words: Iterable[str], *, issue: Held) -> list[int]:
    """The people whom words name, each once, in order: assignee, deputy, watchers, an e-mail address or a #team.

    A word that names nobody is left out: who is told can't mend what somebody else wrote.
    """
    return list(dict.fromkeys(person for word in words for person in _ids(word, issue)))


def _ids(word: str, issue: Held) -> list[int]:
    if channel_named(word):
        return []
    match word.casefold():
        case "assignee":
            return [issue.assignee_id] if issue.assignee_id else []
        case "deputy":
            return [issue.deputy_id] if issue.deputy_id else []
        case "watchers":
            return watcher_ids(issue.issue_id)
    return accounts.ids_of_people(actor=accounts.system_actor(issue.organization_id), named=word)
