"""What every page is drawn with."""

from typing import Any
from urllib.parse import unquote

import msgspec
from django.http import HttpRequest
from django.urls import get_script_prefix, reverse
from django.utils import timezone

from errata.apps.accounts.queries import initials
from errata.apps.accounts.types import Actor
from errata.apps.notices import queries as notices
from errata.web import past
from errata.web.answers import waiting_toasts

_THEMES = ("system", "light", "dark", "contrast")
THEMES = (
    ("system", "System", "monitor"),
    ("light", "Light", "sun"),
    ("dark", "Dark", "moon"),
    ("contrast", "High contrast", "contrast"),
)
# A phone's bar has room for the first four, and for a menu with the others.
_NAVIGATION = (
    ("Inbox", "inbox", "bell"),
    ("Issues", "issues", "inbox"),
    ("SLA", "sla", "timer"),
    ("Board", "board", "square-kanban"),
    ("My work", "me", "list-checks"),
    ("Calendar", "calendar", "calendar-days"),
    ("Progress", "progress", "chart-line"),
    ("Releases", "releases", "package"),
    ("Projects", "projects", "folder"),
    ("Process", "process", "workflow"),
    ("People", "people", "users"),
    ("Audit", "audit", "scroll-text"),
    ("Settings", "account", "settings"),
)
SHORTCUTS = (
    ("Anywhere", (
        (("Ctrl", "K"), "Search and commands"), (("/",), "Search issues"), (("c",), "New issue"),
        (("g", "n"), "Go to the inbox"), (("g", "w"), "Go to my work"), (("g", "b"), "Go to the board"),
        (("g", "i"), "Go to issues"), (("g", "m"), "Go to my issues"), (("g", "p"), "Go to projects"),
        (("g", "r"), "Go to the process"), (("g", "v"), "Go to releases"),
        (("g", "o"), "Go to people"), (("g", "a"), "Go to the audit log"), (("g", "s"), "Go to settings"),
        (("[",), "Collapse the side bar"), (("z",), "Undo the last change"), (("?",), "This sheet"),
    )),
    ("In a list", (
        (("j",), "Next issue"), (("k",), "Previous issue"), (("↵",), "Open"), (("x",), "Select"),
        (("Shift", "click"), "Select a range"), (("Esc",), "Clear the selection"),
    )),
    ("On a board", (
        (("↑", "↓", "←", "→"), "Walk between cards"), (("Shift", "←"), "Move the card a column back"),
        (("Shift", "→"), "Move it a column on"), (("s",), "Choose its stage"),
    )),
    ("On an issue, or the selected ones", (
        (("a",), "Assign"), (("i",), "Assign to me"), (("d",), "Deputy"), (("s",), "Stage"), (("p",), "Priority"),
        (("1", "2", "3"), "High, medium, low"), (("v",), "Severity"), (("t",), "Type"), (("l",), "Labels"),
        (("e",), "Close"), (("y",), "Copy link"), (("m",), "Comment"),
    )),
    ("In the inbox", (
        (("e",), "Done"), (("h",), "Snooze"), (("m",), "Mute"), (("u",), "Read or unread"),
    )),
    ("On an issue", (
        (("j",), "Older event"), (("k",), "Newer event"), (("u",), "Back to the list"),
        (("Ctrl", "↵"), "Send the comment"),
    )),
)  # fmt: skip


class NavigationItem(msgspec.Struct, frozen=True):
    name: str
    url: str
    icon: str
    current: bool
    count: int | None = None  # shown beside it, and kept current; None where nothing is counted


class Me(msgspec.Struct, frozen=True):
    name: str
    email: str
    initials: str


def shell(request: HttpRequest) -> dict[str, Any]:
    """The frame's own values: theme, rail, navigation, who is signed in."""
    actor: Actor | None = getattr(request, "actor", None)
    values = {
        "theme": _cookie(request, "theme", _THEMES),
        "rail": _cookie(request, "rail", ("open", "closed")),
        "density": _cookie(request, "density", ("cosy", "compact")),
        "zone": unquote(request.COOKIES.get("zone_chosen", "")) or "browser",
        "root": get_script_prefix().rstrip("/"),
        "themes": THEMES,
        "toasts": waiting_toasts(request),
        "now": getattr(request, "now", None),
        "request_id": getattr(request, "request_id", ""),
        "actor": actor,
    }
    return values | _signed_in(request, actor) | past.shell(request) if actor else values


def _signed_in(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    return {
        "me": Me(name=actor.name, email=actor.email, initials=initials(actor.name or actor.email)),
        "can_write": actor.role != "viewer",
        "can_administer": actor.role in ("owner", "admin"),
        "navigation": lambda: _navigation(request, actor),  # asked for by whole pages, not by their pieces
        "shortcuts": SHORTCUTS,
    }


def _navigation(request: HttpRequest, actor: Actor) -> list[NavigationItem]:
    urls = [(name, reverse(route), sign) for name, route, sign in _NAVIGATION]
    unread = notices.unread(actor=actor, now=getattr(request, "now", None) or timezone.now())
    return [
        NavigationItem(
            name=name,
            url=url,
            icon=sign,
            current=request.path.startswith(url),
            count=unread if name == "Inbox" else None,
        )
        for name, url, sign in urls
    ]


def _cookie(request: HttpRequest, name: str, allowed: tuple[str, ...]) -> str:
    value = request.COOKIES.get(name, "")
    return value if value in allowed else allowed[0]
