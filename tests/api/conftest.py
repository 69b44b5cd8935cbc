"""API clients of the personas."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from errata.apps.accounts import operations as accounts
from errata.apps.accounts.permissions import ROLE_SCOPES
from errata.apps.accounts.types import Actor

Api = Callable[..., HttpResponse]


@pytest.fixture
def api(now: datetime) -> Callable[..., Api]:
    """`api(alice)("get", "/issues")`: a request with a token of hers, JSON in and out."""

    def client_of(actor: Actor, *, scopes: Iterable[str] | None = None) -> Api:
        wanted = ROLE_SCOPES[actor.role] if scopes is None else scopes
        _, secret = accounts.create_token(name="test", scopes=wanted, by=actor, at=now)
        client = Client(headers={"Authorization": f"Bearer {secret}"})

        def call(method: str, path: str, body: Any = None, **query: Any) -> HttpResponse:
            if method == "get":
                return client.get(f"/api/v1{path}", query)
            return getattr(client, method)(f"/api/v1{path}", body, content_type="application/json")

        return call

    return client_of
