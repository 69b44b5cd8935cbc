"""The TCP port: checked, chosen and kept while workers come and go."""

import errno
import os
import socket

from errata.core.errors import Refusal


class PortRefused(Refusal):
    """The address can't be listened on."""

    code = "port_refused"


def reserve(host: str, port: int) -> socket.socket:
    """Bind the address without listening, so that it stays ours between one worker and the next.

    The workers listen on it themselves (SO_REUSEPORT), each with its own queue. A socket that is bound only takes no
    connections.
    """
    family, address = _resolve(host, port)
    _refuse_taken(family, address)
    kept = socket.socket(family, socket.SOCK_STREAM)
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    kept.bind(address)
    return kept


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except socket.gaierror as error:
        msg = f"ERRATA_HOST is {host}, which is no address of this machine: {error.strerror}."
        raise PortRefused(msg) from None
    return family, (str(address[0]), int(address[1]))


def _refuse_taken(family: socket.AddressFamily, address: tuple[str, int]) -> None:
    # Without SO_REUSEPORT: another Errata on the same port would otherwise share it without a word.
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise _refused(address, error) from None


def _refused(address: tuple[str, int], error: OSError) -> PortRefused:
    where = f"{address[0]}:{address[1]}"
    if error.errno == errno.EADDRINUSE:
        return PortRefused(f"{where} is taken by another program. Stop it, or set ERRATA_PORT to another port.")
    if error.errno == errno.EACCES:
        return PortRefused(f"{where} needs more rights than this user has. Set ERRATA_PORT to 1024 or above.")
    return PortRefused(
        f"{where} can't be listened on: {os.strerror(error.errno or 0)}. Set ERRATA_HOST and ERRATA_PORT."
    )
