"""The addresses of the dialects to come: a client that is pointed there is told so in the words it reads."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def told(answer: dict[str, object]) -> str:
    """The sentence, wherever the dialect has it."""
    texts = (answer.get("detail"), answer.get("message"), answer.get("description"), answer.get("errorMessages"))
    return str(next(text for text in texts if text))


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    ("path", "keys", "name"),
    [
        ("/api/0/", {"detail"}, "Sentry's web API"),
        ("/api/0/organizations/shop/issues/", {"detail"}, "Sentry's web API"),
        ("/api/7/security/", {"detail"}, "Sentry intake"),
        ("/api/1/item", {"err", "message"}, "Rollbar's API"),
        ("/api/1/items/", {"err", "message"}, "Rollbar's API"),
        ("/api/1/deploy/12", {"err", "message"}, "Rollbar's API"),
        ("/api/v2/tickets.json", {"error", "description"}, "Zendesk's API"),
        ("/rest/api/2/issue", {"errorMessages", "errors"}, "Jira's API"),
        ("/v1/traces", {"code", "message"}, "OTLP"),
        ("/v1/logs", {"code", "message"}, "OTLP"),
        ("/v1/metrics", {"code", "message"}, "OTLP"),
    ],
)
def test_a_reserved_address_answers_in_its_own_words(method: str, path: str, keys: set[str], name: str) -> None:
    answer = getattr(Client(enforce_csrf_checks=True), method)(path)

    assert answer.status_code == 404
    assert answer.json().keys() == keys
    assert name in told(answer.json())
    assert path in told(answer.json())


def test_an_otlp_exporter_that_speaks_protobuf_is_answered_in_protobuf() -> None:
    answer = Client().post("/v1/traces", b"\x0a\x00", content_type="application/x-protobuf")

    assert answer.headers["Content-Type"] == "application/x-protobuf"
    text = b"Errata does not answer OTLP at /v1/traces yet; the address is reserved for it."
    assert answer.content == b"\x08\x0c\x12" + bytes([len(text)]) + text


@pytest.mark.parametrize("path", ["/nothing/", "/apiary/", "/v1/", "/restful/"])
def test_other_addresses_are_pages(path: str) -> None:
    answer = Client().get(path)

    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
