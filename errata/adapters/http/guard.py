"""Which addresses may be called. What people type into a form must not reach what only this machine can reach."""

import ipaddress
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

from errata.ports.outgoing import OutgoingFailed, OutgoingRefused

Address = IPv4Address | IPv6Address
# Ways to write an IPv4 address as an IPv6 one, through which a private one would look public: NAT64, 6to4, Teredo.
_TRANSLATED = tuple(ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
# Public by number, and yet a cloud's own service for its machines: Azure's host, Oracle's metadata.
_PLATFORM = frozenset(ipaddress.ip_address(text) for text in ("168.63.129.16", "192.0.0.192"))


class Guard:
    """Refuses addresses that are not public, but for the hosts and networks that the operator allows."""

    def __init__(self, allow: Sequence[str] = ()) -> None:
        self._networks = [network for entry in allow if (network := _network(entry))]
        self._hosts = frozenset(entry.casefold().rstrip(".") for entry in allow if not _network(entry))

    def resolve(self, host: str, port: int) -> list[str]:
        """The addresses of a host, all of them allowed. Raise OutgoingRefused or OutgoingFailed."""
        addresses = _addresses(host, port)
        if not addresses:
            msg = f"The name {host} can't be resolved."
            raise OutgoingFailed(msg)
        if host.casefold().rstrip(".") not in self._hosts:
            for address in addresses:
                self.check(address, host=host)
        return addresses

    def check_connection(self, address: str) -> None:
        """The same for a connection that somebody else opens, where only the address is known."""
        try:
            self.check(address)
        except OutgoingRefused:
            if not any(address in _addresses(host) for host in self._hosts):
                raise

    def check(self, address: str, *, host: str = "") -> None:
        """Raise OutgoingRefused unless the address may be called."""
        parsed = ipaddress.ip_address(address.partition("%")[0])
        if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
            parsed = parsed.ipv4_mapped
        if any(parsed in network for network in self._networks if network.version == parsed.version):
            return
        if is_public(parsed):
            return
        where = f"{host} leads to {parsed}" if host and host != str(parsed) else str(parsed)
        msg = (
            f"{where}, which is not a public address. If it is meant, the operator can allow it with"
            " ERRATA_OUTGOING_ALLOW."
        )
        raise OutgoingRefused(msg)


def _addresses(host: str, port: int = 0) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could call it as well."""
    if address in _PLATFORM or address.is_multicast:
        return False
    if isinstance(address, IPv6Address) and any(address in network for network in _TRANSLATED):
        return False
    return address.is_global


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return None
