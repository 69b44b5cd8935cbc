"""The files that a browser fetches beside the pages."""

from collections.abc import Callable
from pathlib import Path

import ninja
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware

_API_PAGE = Path(ninja.__file__).parent / "static" / "ninja"


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # whitenoise has no types
    """Middleware: our own bundle, and what the API's page at /api/v1/docs is drawn with, which comes with ninja."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)
        self.add_files(_API_PAGE, prefix=f"{self.static_prefix}ninja/")
