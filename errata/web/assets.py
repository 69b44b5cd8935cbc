"""Where the bundled files are: esbuild writes a manifest of hashed names."""

import json
from functools import cache
from pathlib import Path

from django.conf import settings
from django.templatetags.static import static

_MANIFEST = Path(__file__).parent / "static" / "dist" / "manifest.json"


def asset_url(name: str) -> str:
    """Return the address of a bundled file, such as `app.css`."""
    return _address(name) if settings.DEBUG else _known_address(name)


# A stream of fifty rows asks some four hundred times.
@cache
def _known_address(name: str) -> str:
    return _address(name)


def _address(name: str) -> str:
    return static(f"dist/{_read().get(name, name)}")


def _read() -> dict[str, str]:
    # Without a bundle (tests, a fresh clone before `make setup`) pages still render, unstyled.
    return dict(json.loads(_MANIFEST.read_text())) if _MANIFEST.exists() else {}
