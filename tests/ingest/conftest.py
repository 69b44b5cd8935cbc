import pytest

from tests.ingest.clients import Client


@pytest.fixture
def client() -> Client:
    return Client()
