"""What every page is drawn with."""

from typing import Any
from urllib.parse import unquote

import msgspec
from django.http import HttpRequest
from django.urls import get_script_prefix, reverse

from errata.apps.accounts.queries import initials
from errata.apps.accounts.types import Actor
from errata.web.answers import waiting_toasts

_THEMES = ("system", "light", "dark", "contrast")
THEMES = (
    ("system", "System", "monitor"),
    ("light", "Light", "sun"),
    ("dark", "Dark", "moon"),
    ("contrast", "High contrast", "contrast"),
)
_NAVIGATION = (
    ("Issues", "issues", "inbox"),
    ("Releases", "releases", "package"),
    ("Projects", "projects", "folder"),
    ("People", "people", "users"),
    ("Audit", "audit", "scroll-text"),
    ("Settings", "account", "settings"),
)
SHORTCUTS = (
    ("Anywhere", (
        (("Ctrl", "K"), "Search and commands"), (("/",), "Search issues"), (("c",), "New issue"),
        (("g", "i"), "Go to issues"), (("g", "m"), "Go to my issues"), (("g", "r"), "Go to releases"),
        (("g", "p"), "Go to projects"), (("g", "o"), "Go to people"), (("g", "a"), "Go to the audit log"),
        (("g", "s"), "Go to settings"),
        (("[",), "Collapse the side bar"), (("z",), "Undo the last change"), (("?",), "This sheet"),
    )),
    ("In a list", (
        (("j",), "Next issue"), (("k",), "Previous issue"), (("↵",), "Open"), (("x",), "Select"),
        (("Shift", "click"), "Select a range"), (("Esc",), "Clear the selection"),
    )),
    ("On an issue, or the selected ones", (
        (("a",), "Assign"), (("i",), "Assign to me"), (("d",), "Deputy"), (("s",), "Stage"), (("p",), "Priority"),
        (("1", "2", "3"), "High, medium, low"), (("v",), "Severity"), (("t",), "Type"), (("l",), "Labels"),
        (("e",), "Close"), (("y",), "Copy link"), (("m",), "Comment"),
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
    return values | _signed_in(request, actor) if actor else values


def _signed_in(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    return {
        "me": Me(name=actor.name, email=actor.email, initials=initials(actor.name or actor.email)),
        "can_write": actor.role != "viewer",
        "can_administer": actor.role in ("owner", "admin"),
        "navigation": _navigation(request.path),
        "shortcuts": SHORTCUTS,
    }


def _navigation(path: str) -> list[NavigationItem]:
    urls = [(name, reverse(route), sign) for name, route, sign in _NAVIGATION]
    return [NavigationItem(name=name, url=url, icon=sign, current=path.startswith(url)) for name, url, sign in urls]


def _cookie(request: HttpRequest, name: str, allowed: tuple[str, ...]) -> str:
    value = request.COOKIES.get(name, "")
    return value if value in allowed else allowed[0]
