"""The HTTP request of an event: as tables, and as a curl command."""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from errata.core.event.view import RequestView

_SKIPPED = {"content-length", "host", "connection", "cookie", "transfer-encoding", "accept-encoding"}


class RequestShown(msgspec.Struct, frozen=True):
    method: str
    url: str
    curl: str
    body: str
    parts: list[tuple[str, list[tuple[str, str]]]]


def shown(request: RequestView) -> RequestShown | None:
    """The request for the page; None when there is nothing of it."""
    if not request.url and not request.headers and not request.data:
        return None
    query, headers, cookies = request.query, request.headers, request.cookies
    body, fields = _body(request.data)
    parts = [
        ("Query", query),
        ("Body", fields),
        ("Headers", headers),
        ("Cookies", cookies),
        ("Environment", _rows(request.env)),
    ]
    return RequestShown(
        method=request.method or "GET",
        url=request.url or "",
        curl=_curl(request, query, headers, body, fields),
        body=body if not fields else "",
        parts=[(name, rows) for name, rows in parts if rows],
    )


def _rows(values: Any) -> list[tuple[str, str]]:
    if isinstance(values, Mapping):
        return [(str(name), _text(value)) for name, value in values.items()]
    if isinstance(values, Sequence) and not isinstance(values, str | bytes):
        return [(str(item[0]), _text(item[1])) for item in values if isinstance(item, Sequence) and len(item) == 2]
    return []


def _body(data: Any) -> tuple[str, list[tuple[str, str]]]:
    if not data:
        return "", []
    if isinstance(data, Mapping):
        return _text(data), _rows(data)
    return _text(data), []


def _curl(
    request: RequestView,
    query: list[tuple[str, str]],
    headers: list[tuple[str, str]],
    body: str,
    fields: list[tuple[str, str]],
) -> str:
    url = request.url or ""
    if query and "?" not in url:
        url += "?" + urlencode(query)
    lines = [f"curl -X {shlex.quote(request.method or 'GET')} {shlex.quote(url)}"]
    lines += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in headers if name.lower() not in _SKIPPED]
    is_form = any(name.lower() == "content-type" and "urlencoded" in value for name, value in headers)
    if fields and is_form:
        lines.append(f"--data {shlex.quote(urlencode(fields))}")
    elif body:
        lines.append(f"--data-raw {shlex.quote(body)}")
    return " \\\n  ".join(lines)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
