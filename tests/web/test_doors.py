"""Set-up, sign-in, and what strangers see."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from errata.apps.accounts import letters, queries
from errata.apps.accounts.types import Actor
from errata.apps.projects import queries as projects
from tests.people import PASSWORD

SET_UP = {
    "name": "Olga Owner",
    "email": "olga@shop.example",
    "password": "correct-horse-battery",
    "organization": "Shop",
    "project": "Payments",
    "platform": "django",
}


def test_a_fresh_installation_leads_to_set_up(db: None, client: Client) -> None:
    answer = client.get("/", follow=True)

    assert answer.redirect_chain[-1] == ("/setup/", 302)
    assert "Let’s set Errata up" in answer.content.decode()


def test_set_up_makes_the_first_person_organisation_and_project_and_signs_in(db: None, client: Client) -> None:
    answer = client.post("/setup/", SET_UP)

    assert answer.headers["Location"] == "/projects/payments/start/"
    assert queries.is_set_up()
    page = client.get("/projects/payments/start/").content.decode()
    owner = queries.find_owner()
    assert owner is not None
    key = projects.list_keys(actor=owner, which="payments")[0]
    assert key.public_key in page
    assert "Waiting for the first event" in page


def test_set_up_tells_what_is_wrong_and_keeps_all_but_the_password(db: None, client: Client) -> None:
    answer = client.post("/setup/", SET_UP | {"password": "short"})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "olga@shop.example" in page
    assert "short" not in re.findall(r'value="([^"]*)"', page)


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", " "), ("email", "olga"), ("password", "short"), ("organization", ""), ("project", "x" * 81)],
)
def test_set_up_happens_whole_or_not_at_all(db: None, client: Client, field: str, value: str) -> None:
    answer = client.post("/setup/", SET_UP | {field: value})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not queries.is_set_up()
    assert client.post("/setup/", SET_UP).headers["Location"] == "/projects/payments/start/"


def test_set_up_happens_once(olga: Actor, client: Client) -> None:
    answer = client.post("/setup/", SET_UP | {"email": "eve@rival.example"})

    assert answer.headers["Location"] == "/signin/"


def test_signing_in_leads_where_one_wanted_to_go(olga: Actor, client: Client) -> None:
    door = client.get("/issues/?q=is:open")
    assert door.headers["Location"] == "/signin/?next=%2Fissues%2F%3Fq%3Dis%3Aopen"

    answer = client.post("/signin/", {"email": olga.email, "password": PASSWORD, "next": "/issues/?q=is:open"})

    assert answer.headers["Location"] == "/issues/?q=is:open"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_signing_in_never_leads_elsewhere(olga: Actor, client: Client, elsewhere: str) -> None:
    answer = client.post("/signin/", {"email": olga.email, "password": PASSWORD, "next": elsewhere})

    assert answer.headers["Location"] == "/issues/"


def test_a_wrong_password_is_refused_in_a_sentence(olga: Actor, client: Client) -> None:
    answer = client.post("/signin/", {"email": olga.email, "password": "wrong"})

    assert answer.status_code == 422
    assert "don&#x27;t belong together" in answer.content.decode()


def test_guessing_is_limited(olga: Actor, client: Client) -> None:
    for _ in range(10):
        client.post("/signin/", {"email": olga.email, "password": "guess"})

    answer = client.post("/signin/", {"email": olga.email, "password": PASSWORD})

    assert answer.status_code == 429
    assert "Too many attempts" in answer.content.decode()


def test_a_forgotten_password_is_reset_by_mail(
    olga: Actor, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/reset/", {"email": olga.email})
    letters.wait()
    found = re.search(r"/reset/[\w-]+/", str(mail.outbox[0].body))
    assert found is not None

    answer = client.post(found[0], {"password": "another long sentence"})

    assert answer.headers["Location"] == "/issues/"
    assert Client().post("/signin/", {"email": olga.email, "password": "another long sentence"}).status_code == 302


def test_the_reset_page_does_not_tell_who_has_an_account(olga: Actor, client: Client) -> None:
    pages = []
    for email in (olga.email, "nobody@shop.example"):
        page = client.post("/reset/", {"email": email}).content.decode()
        pages.append(re.sub(r'name="csrf-token" content="\w+"', "", page.replace(email, "")))

    assert pages[0] == pages[1]


def test_an_invited_person_joins_with_the_link(olga: Actor, client: Client, browser: Any) -> None:
    page = browser(olga).post("/people/invite/", {"email": "dora@shop.example", "role": "member"}).content.decode()
    found = re.search(r"/invitation/[\w-]+/", page)
    assert found is not None

    answer = client.post(found[0], {"name": "Dora", "password": "a door with 3 locks"})

    assert answer.headers["Location"] == "/issues/"
    assert [person.role for person in queries.list_people(actor=olga) if person.name == "Dora"] == ["member"]


def test_a_used_invitation_says_so(olga: Actor, client: Client) -> None:
    answer = client.get("/invitation/never-was/")

    assert answer.status_code == 410
    assert "invitation" in answer.content.decode()


def test_signing_out_takes_a_form_not_a_link(olga: Actor, browser: Any) -> None:
    here = browser(olga)

    here.get("/signout/")
    assert here.get("/issues/").status_code == 200

    here.post("/signout/")
    assert here.get("/issues/").status_code == 302
