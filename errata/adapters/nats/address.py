"""What ERRATA_JOURNAL_URL says: nats://user:password@host:4222,host:4222/prefix?replicas=3."""

import re
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from errata.core.numeral import whole_number

PREFIX = "errata"
# What a JetStream stream can be kept on.
REPLICAS_MAX = 5
_PREFIX = re.compile(r"[A-Za-z0-9_-]+\Z")


class Address(NamedTuple):
    """Which servers, and what of them is ours."""

    servers: list[str]
    prefix: str = PREFIX  # of the names of streams and subjects: installations may share servers
    replicas: int = 1


def parse(url: str) -> Address:
    """Take the address apart. Raise ValueError with a sentence about what is wrong with it."""
    parts = urlsplit(url)
    # The user stands once, before the first host, and is meant for each.
    user, at, hosts = parts.netloc.rpartition("@")
    if parts.scheme not in ("nats", "tls") or not all(hosts.split(",")):
        msg = "The journal's address must be nats://host:4222 or tls://host:4222, several hosts separated by commas."
        raise ValueError(msg)
    prefix = parts.path.strip("/") or PREFIX
    if not _PREFIX.match(prefix):
        msg = f"The path of the journal's address must be letters, digits, dashes and underscores, not {prefix!r}."
        raise ValueError(msg)
    return Address([f"{parts.scheme}://{user}{at}{host}" for host in hosts.split(",")], prefix, _replicas(parts.query))


def _replicas(query: str) -> int:
    wanted = parse_qs(query, keep_blank_values=True)
    [number] = wanted.pop("replicas", ["1"])[:1]
    if wanted:
        msg = f"The journal's address has no option {next(iter(wanted))!r}; there is ?replicas=3."
        raise ValueError(msg)
    replicas = whole_number(number)
    if not replicas or replicas > REPLICAS_MAX:
        msg = f"The journal's replicas must be a number from 1 to {REPLICAS_MAX}, not {number!r}."
        raise ValueError(msg)
    return replicas
