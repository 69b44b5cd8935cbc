"""Whose code a frame is: the project's own, or somebody else's."""

import re
from typing import Protocol


class Placed(Protocol):
    """A frame, as far as it says where it is."""

    @property
    def in_app(self) -> bool | None: ...
    @property
    def module(self) -> str | None: ...
    @property
    def filename(self) -> str | None: ...
    @property
    def abs_path(self) -> str | None: ...


def is_own(frame: Placed) -> bool:
    """Whether the frame is the project's code: as its client says, or by where the file is."""
    if frame.in_app is None:
        return not is_library(frame.module, frame.filename, frame.abs_path)
    return frame.in_app


def is_library(module: str | None, filename: str | None, abs_path: str | None = None) -> bool:
    """Whether code in this place is somebody else's, for clients that don't say.

    Both paths are asked: Python's own `json/decoder.py` is told from a project's by its absolute path alone.
    """
    if not (filename or abs_path):
        return not module or bool(_LIBRARY_MODULE.match(module))
    return _is_library_path(filename) or _is_library_path(abs_path) or bool(module and _LIBRARY_MODULE.match(module))


def _is_library_path(path: str | None) -> bool:
    return bool(path and _LIBRARY_PATH.search(path.replace("\\", "/")))


_LIBRARY_PATH = re.compile(
    r"(?:^|/)(?:site-packages|dist-packages|node_modules|bower_components|vendor|gems|\.cargo|rustlib|go/pkg/mod"
    r"|lib/python\d[\d.]*|usr/lib|usr/share|usr/local/go/src|jre|Frameworks)/"
    r"|^(?:node:|internal/|<frozen |<__array_function__|native\b|\[native code\]|chrome-extension:|moz-extension:)",
)
_LIBRARY_MODULE = re.compile(
    r"(?:java|javax|jdk|sun|com\.sun|kotlin|kotlinx|scala|clojure|groovy|android|androidx|com\.android|dalvik|jakarta"
    r"|org\.springframework|org\.apache|System|Microsoft|runtime|reflect|net/http|testing)(?:[./$]|\Z)"
)
