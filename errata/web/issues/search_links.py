"""Addresses of the stream for a tag or a fact of an event."""

from django.urls import reverse
from django.utils.http import urlencode

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/@")
_FIELDS = {"release", "environment", "level", "transaction", "server_name", "logger", "dist", "platform"}


def tag(key: str, value: str, *, project: str = "") -> str:
    """The issues whose events carry this value."""
    name = key if key in _FIELDS else f"tags.{key}" if set(key) <= _PLAIN else key
    return search(f"{name}:{quoted(value)}", project=project)


def has(key: str, *, project: str = "") -> str:
    """The issues whose events carry this tag at all."""
    return search(f"has:{key}", project=project)


def search(query: str, *, project: str = "") -> str:
    """The stream for a query."""
    values = {"q": query} | ({"project": project} if project else {})
    return f"{reverse('issues')}?{urlencode(values)}"


def quoted(value: str) -> str:
    """A value as the search language reads it back."""
    if value and set(value) <= _PLAIN:
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
