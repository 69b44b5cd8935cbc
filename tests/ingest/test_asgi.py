"""The ASGI shell: the same answers by the other protocol."""

import asyncio
from typing import Any

from errata.ingest import asgi
from tests.ingest.clients import AUTH, EVENT_ID, Client, event_envelope


def ask(client: Client, parts: list[bytes], *, headers: dict[str, str]) -> list[dict[str, Any]]:
    scope = {
        "type": "http", "method": "POST", "path": "/api/1/envelope/", "query_string": b"", "client": ("203.0.113.9", 5),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts] + [
        {"type": "http.request"}
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(asgi.answer(client.intake, scope, receive, send))
    return sent


def test_an_event_arrives_over_asgi(client):
    body = event_envelope()

    start, rest = ask(client, [body[:10], body[10:]], headers={**AUTH, "Content-Length": str(len(body))})

    assert start["status"] == 200
    assert rest["body"] == b'{"id":"%b"}' % EVENT_ID.encode()
    assert [signal.event_id for signal in client.arrived()] == [EVENT_ID]


def test_a_body_in_parts_without_a_length_arrives_over_asgi(client):
    start, _ = ask(client, [event_envelope()], headers=AUTH)

    assert start["status"] == 200


def test_a_refusal_has_its_headers_over_asgi(client):
    start, _ = ask(client, [event_envelope()], headers={})

    assert start["status"] == 401
    assert (b"access-control-allow-origin", b"*") in start["headers"]
