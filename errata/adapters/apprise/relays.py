"""A hundred services by one address each, through apprise, which does its own networking.

Therefore every connection that it opens is checked at the moment it is opened, by an audit hook of the interpreter: no
service, redirect or second look-up gets by.
"""

import contextlib
import logging
import socket
import sys
import threading
import time
from typing import Any

from errata.adapters.http.guard import Guard
from errata.ports.outgoing import OutgoingFailed, OutgoingRefused

# As GuardedHttp. An address may ask for longer (?rto=86400), and a server may send a byte a second.
_TOTAL_S = 15.0
# What many of the 262 plugins let out when a server answers something else than they believe.
_UNREADABLE = (ArithmeticError, AttributeError, AssertionError, LookupError, OSError, RecursionError, ValueError)
_PROGRAMS = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "syslog.syslog"})
# What a library may read while it sends: itself, and the certificates beside it.
_OWN_FILES = tuple({sys.prefix, sys.base_prefix, sys.exec_prefix})

_watched = threading.local()
_hooking = threading.Lock()
_hooked = False


class AppriseRelays:
    """Sends through apprise."""

    def __init__(self, guard: Guard, *, total_s: float = _TOTAL_S) -> None:
        self._guard, self._total_s = guard, total_s

    def send(self, *, url: str, title: str, text: str) -> None:
        """Tell a service."""
        scheme = url.partition("://")[0].casefold()
        target = _target(url, scheme)
        _hook()
        links: list[socket.socket] = []
        over = threading.Event()
        _watched.refused, _watched.links, _watched.end_s = None, links, time.monotonic() + self._total_s
        watch = threading.Timer(self._total_s, _hang_up, [links, over])
        watch.daemon = True
        watch.start()
        _watched.guard = self._guard
        try:
            told = target.notify(body=text, title=title)
        except TypeError as error:  # how a plugin says that it can't be used with what it is given
            msg = f"{scheme}:// can't be used with this address."
            raise OutgoingRefused(msg) from error
        except _UNREADABLE as error:
            msg = f"The service behind {scheme}:// answered what apprise can't read ({type(error).__name__})."
            raise OutgoingFailed(msg) from error
        finally:
            refused, _watched.guard = _watched.refused, None
            watch.cancel()
            for link in links:
                link.close()
        if refused:
            raise OutgoingRefused(refused)
        if over.is_set():  # a header that is cut short reads like one that ends there
            msg = f"The service behind {scheme}:// took too long to answer."
            raise OutgoingFailed(msg)
        if not told:
            msg = f"The service behind {scheme}:// did not take it."
            raise OutgoingFailed(msg)


def _target(url: str, scheme: str) -> Any:
    # Some 50 MB, for channels that many installations never have; only the sender comes here, with the first of them.
    import apprise

    # It would log addresses, which are secrets here; what went wrong is in the delivery's log.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    target = apprise.Apprise.instantiate(url, asset=apprise.AppriseAsset(async_mode=False), suppress_exceptions=True)
    if target is None:
        msg = "The address is not one that apprise understands."
        raise OutgoingRefused(msg)
    # The others tell this very machine, or a server over something that isn't HTTP: nothing for a form that people
    # fill in.
    if not any(hasattr(sys.modules[parent.__module__], "requests") for parent in type(target).__mro__):
        msg = f"{scheme}:// is not offered: only services that are told over HTTP are."
        raise OutgoingRefused(msg)
    return target


def _hook() -> None:
    """Have the interpreter tell what happens. A hook stays for ever: it does nothing but in a thread that sends."""
    global _hooked
    with _hooking:
        if not _hooked:
            sys.addaudithook(_audit)
            _hooked = True


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    guard: Guard | None = getattr(_watched, "guard", None)
    if guard is None:
        return
    if event in ("socket.connect", "socket.sendto"):
        _check(guard, arguments[1])
        if time.monotonic() >= _watched.end_s:
            _refuse("It took too long.")
        # A duplicate: TLS takes the descriptor away from the socket, and shutting down either ends both.
        _watched.links.append(arguments[0].dup())
    elif event in _PROGRAMS:
        _refuse("It would start a program on this machine.")
    elif event == "open" and isinstance(arguments[0], str) and not arguments[0].startswith(_OWN_FILES):
        # Some services send files by their path, or take a key from one.
        msg = "Only Errata's own files are read here."
        raise PermissionError(msg)


def _hang_up(links: list[socket.socket], over: threading.Event) -> None:
    over.set()
    for link in list(links):
        with contextlib.suppress(OSError):
            link.shutdown(socket.SHUT_RDWR)


def _check(guard: Guard, address: Any) -> None:
    if not isinstance(address, tuple):
        _refuse("It would reach a socket of this machine.")
    try:
        guard.check_connection(str(address[0]))
    except OutgoingRefused as error:
        _refuse(str(error))


def _refuse(why: str) -> None:
    _watched.refused = why
    # An OSError, because that is what libraries expect of a connection.
    raise ConnectionRefusedError(why)
