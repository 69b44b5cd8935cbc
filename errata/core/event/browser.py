"""User agents → browser and operating system, by cheap rules.

A table of thousands of patterns would know more names; these are what people count by, and they cost microseconds.
"""

import re
from functools import lru_cache

from errata.core.event.fields import NamedContext

# The first that matches wins: most browsers also claim to be Chrome and Safari.
_BROWSERS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("Edge", r"Edg(?:e|A|iOS)?/([0-9.]+)"),
        ("Opera", r"(?:OPR|Opera)/([0-9.]+)"),
        ("Samsung Internet", r"SamsungBrowser/([0-9.]+)"),
        ("Firefox", r"(?:Firefox|FxiOS)/([0-9.]+)"),
        ("Electron", r"Electron/([0-9.]+)"),
        ("Chrome Headless", r"HeadlessChrome/([0-9.]+)"),
        ("Chrome", r"(?:Chrome|CriOS)/([0-9.]+)"),
        ("Mobile Safari", r"Version/([0-9.]+).*Mobile.*Safari/"),
        ("Safari", r"Version/([0-9.]+).*Safari/"),
        ("Internet Explorer", r"(?:MSIE |Trident/.*rv:)([0-9.]+)"),
        ("curl", r"^curl/([0-9.]+)"),
        ("Python Requests", r"^python-requests/([0-9.]+)"),
    )
)
_SYSTEMS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("iOS", r"(?:iPhone|iPad|iPod).*? OS ([0-9_]+)"),
        ("Android", r"Android ([0-9.]+)"),
        ("ChromeOS", r"CrOS \S+ ([0-9.]+)"),
        ("Windows", r"Windows NT ([0-9.]+)"),
        ("macOS", r"Mac OS X ([0-9_.]+)"),
        ("Linux", r"Linux()"),
    )
)
# What Microsoft numbers and what people call it.
_WINDOWS = {"10.0": "10", "6.3": "8.1", "6.2": "8", "6.1": "7"}


@lru_cache(maxsize=4096)
def of_user_agent(user_agent: str) -> tuple[NamedContext | None, NamedContext | None]:
    """The browser and the operating system a user agent names; None for what it doesn't."""
    text = user_agent[:1024]
    browser, system = _first(_BROWSERS, text), _first(_SYSTEMS, text)
    if system and system.name == "Windows":
        system.version = _WINDOWS.get(system.version or "", system.version)
    if browser and browser.version:
        browser.version = ".".join(browser.version.split(".")[:2])
    return browser, system


def _first(rules: tuple[tuple[str, re.Pattern[str]], ...], text: str) -> NamedContext | None:
    for name, pattern in rules:
        if found := pattern.search(text):
            return NamedContext(name=name, version=found[1].replace("_", ".") or None)
    return None
