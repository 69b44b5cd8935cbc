"""Every operation of the REST API, asked by everybody: a new one is in here by itself, from the API's description."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec
import pytest
from django.test import Client

from errata.api.native.api import api as native
from errata.apps.accounts import operations as accounts
from errata.apps.accounts.permissions import ROLE_SCOPES, SCOPES
from errata.apps.accounts.types import Actor
from errata.core.sla import WEEKDAYS
from errata.core.workflow import DEFAULT
from tests.conftest import NOW
from tests.estate import MEMBERS, SECRET, SHARED, VIEWERS, Rows, Undone, changed_rows, rows, settle_estate, tables

pytestmark = pytest.mark.slow  # Everything there is, asked by everybody.

_WORKFLOW = {"workflow": msgspec.to_builtins(DEFAULT)}
_CALENDAR = {"name": "Longer hours", "zone": "Europe/Berlin", "week": dict.fromkeys(WEEKDAYS[:5], "09:00-17:00")}
_COMMITS = {"repository": "{repository}", "commits": [{"sha": "b" * 40, "message": "Round"}]}
# What to send where. `{…}` is filled in from the estate.
BODIES: Mapping[str, Mapping[str, Any]] = {
    "post /projects": {"name": "Another", "platform": "python"},
    "patch /projects/{slug}": {"name": "Renamed"},
    "post /projects/{slug}/keys": {"name": "Another"},
    "patch /keys/{key_id}": {"active": False},
    "put /templates/organization": {"ranking": "priority * 20"},
    "put /templates/{kind}/{slug}": {"ranking": "priority * 20"},
    "post /templates/{kind}/{slug}/gallery": {"template": "saas"},
    "post /templates/{kind}/{slug}/ranking/try": {"ranking": "priority * 20"},
    "post /workflows": _WORKFLOW,
    "put /workflows/{name}": _WORKFLOW,
    "post /projects/{slug}/workflow": {"workflow": "{workflow}"},
    "post /types": {"name": "Chore"},
    "put /arrivals": {"type": "Task"},
    "put /types/{name}": {"template": "What happened?"},
    "put /fields/{slug}": {"name": "Renamed", "kind": "text"},
    "post /issues": {"project": "{project}", "title": "Another"},
    "patch /issues/{key}": {"title": "Renamed"},
    "post /issues/{key}/transition": {"stage": "Retest"},
    "post /issues/{key}/comments": {"body": "A word."},
    "post /issues/{key}/links": {"kind": "causes", "issue": "{other}"},
    "post /issues/{key}/wait": {"on": "the bank"},
    "post /calendars": _CALENDAR,
    "put /calendars/{slug}": _CALENDAR,
    "post /calendars/{slug}/preview": _CALENDAR,
    "put /projects/{slug}/ownership": {"rules": "* olga@shop.example"},
    "put /colleagues/{person}/skills": {"skills": ["sql"]},
    "post /colleagues/{person}/absences": {"since": "2026-12-01T00:00:00Z", "until": "2026-12-02T00:00:00Z"},
    "post /releases": {"version": "till@2.0.0", "projects": ["{project}"]},
    "post /releases/{version}/commits": _COMMITS,
    "post /deploys": {"version": "{version}", "environment": "staging"},
    "post /commits": _COMMITS,
    "post /checks": {"name": "e2e", "state": "passed", "version": "{version}"},
    "post /issues/{key}/retest/fixes": {"check": "e2e"},
    "post /inbox/{deed}": {"keys": ["{key}"]},
    "put /issues/{key}/watch": {"mode": "none"},
    "put /projects/{project}/subscription": {"mode": "new"},
    "put /notifications": {"digest": "daily"},
    "post /channels": {"name": "Another", "kind": "webhook", "address": "https://hooks.example/other"},
    "patch /channels/{channel_id}": {"enabled": False},
    "post /rules": {"name": "Rule", "text": "when created\nthen label more"},
    "post /projects/{slug}/clocks/preview": {"targets": [{"resolution": "1d"}]},
    "post /rules/try": {"text": "when created\nthen label more"},
    "patch /rules/{which}": {"name": "Renamed"},
}


# What anybody may ask who has a token; and what takes no scope to write, since it writes nothing, or the asker's own.
FREE = {"get /templates/gallery"}
OWN = {
    "post /calendars/{slug}/preview", "post /deliveries/{delivery_id}/resend", "post /inbox/{deed}",
    "post /projects/{slug}/clocks/preview", "post /rules/try",
    "post /templates/{kind}/{slug}/ranking/try", "put /issues/{key}/watch", "put /notifications",
    "put /projects/{project}/subscription",
}  # fmt: skip
# What need not be there to be written or tried: a calendar, a field, a release are then the asker's own.
TO_COME = {"post /calendars/{slug}/preview", "post /releases/{version}/commits", "put /fields/{slug}"}
WRITING = {"issue:write", "release:write", "project:admin", "org:admin"}


class Operation(NamedTuple):
    """One thing that the API can be asked."""

    method: str
    path: str  # without the API's own prefix

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


OPERATIONS = [
    Operation(method, path.removeprefix("/api/v1"))
    for path, methods in native.get_openapi_schema()["paths"].items()
    for method in methods
]


@pytest.fixture
def estate(olga: Actor, events: Any) -> dict[str, Any]:
    made = settle_estate(olga, at=NOW)
    return made | {"which": made["rule_id"], "link": made["fix_id"], "deed": "done", "kind": "projects"}


def _filled(value: Any, estate: Mapping[str, Any]) -> Any:
    """A body with what it names of the estate."""
    if isinstance(value, dict):
        return {name: _filled(each, estate) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, estate) for each in value]
    return value.format_map(estate) if isinstance(value, str) and value.startswith("{") else value


class Caller:
    """Somebody's script, which leaves nothing behind: after each answer all is as it was."""

    def __init__(self, secret: str, estate: Mapping[str, Any]) -> None:
        self._headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        self._estate = estate
        self._before = rows()

    def ask(self, operation: Operation) -> tuple[int, str, Rows]:
        """Return the status, the text, and what was changed as it was before (None: it is new)."""
        client = Client(headers=self._headers, raise_request_exception=False)
        path, query = self._path(operation)
        with Undone():
            if operation.method == "get":
                answer = client.get(path, query)
            else:
                body = _filled(BODIES.get(operation.name, {}), self._estate)
                answer = getattr(client, operation.method)(
                    path, body, content_type="application/json", query_params=query
                )
            text = answer.getvalue().decode()
            after = rows() if operation.method != "get" else self._before
        return answer.status_code, text, changed_rows(self._before, after)

    def _path(self, operation: Operation) -> tuple[str, dict[str, str]]:
        special = {"slug": "project"}
        for start, of in {"/calendars/": "calendar", "/fields/": "field"}.items():
            if operation.path.startswith(start):
                special["slug"] = of
        values = dict(self._estate) | {"slug": self._estate[special["slug"]], "name": self._estate["workflow"]}
        query = {
            "get /projects/{slug}/designation": {"text": self._estate["key"]},
            "delete /arrivals": {"project": self._estate["project"]},
        }.get(operation.name, {})
        return f"/api/v1{operation.path.format_map(values)}", query


def token_of(actor: Actor, scopes: Iterable[str] = SCOPES) -> str:
    own = [scope for scope in scopes if scope in ROLE_SCOPES[actor.role]]
    return accounts.create_token(name="persona", scopes=own, by=actor, at=NOW)[1]


def test_without_a_token_nothing_is_answered(estate: Any) -> None:
    stranger = Caller("", estate)

    for operation in OPERATIONS:
        status, text, changed = stranger.ask(operation)
        assert (status, changed) == (401, {}), operation.name
        assert SECRET not in text, operation.name


def test_an_owner_is_answered_everything_and_a_token_only_what_its_scopes_say(estate: Any, olga: Actor) -> None:
    lacking = {scope: token_of(olga, SCOPES.keys() - {scope}) for scope in ROLE_SCOPES["owner"]}
    owner = Caller(token_of(olga), estate)
    without = {scope: Caller(secret, estate) for scope, secret in lacking.items()}

    for operation in OPERATIONS:
        status, text, changed = owner.ask(operation)
        assert status in (200, 201, 202, 204), (operation.name, text)
        needed = {scope for scope, caller in without.items() if caller.ask(operation)[0] == 403}
        assert bool(needed) is (operation.name not in FREE), operation.name
        if operation.method != "get" and operation.name not in OWN:
            assert needed & WRITING, operation.name
            assert tables(changed) - SHARED - {"accounts.ApiToken"}, operation.name


@pytest.mark.parametrize(("who", "theirs"), [("carol", VIEWERS), ("bob", MEMBERS)])
def test_a_role_changes_what_is_its_to_change(
    estate: Any, request: pytest.FixtureRequest, who: str, theirs: set[str]
) -> None:
    somebody = Caller(token_of(request.getfixturevalue(who)), estate)

    for operation in OPERATIONS:
        status, _, changed = somebody.ask(operation)
        assert status < 500, operation.name
        counted = {"projects.Project"} if operation.name == "post /issues" and "issues.Issue" in theirs else set()
        assert tables(changed) <= theirs | counted, (operation.name, status)


def test_another_organisations_owner_finds_nothing_and_changes_nothing(estate: Any, mallory: Actor) -> None:
    rival = Caller(token_of(mallory), estate)

    for operation in OPERATIONS:
        status, text, changed = rival.ask(operation)
        assert status < 500, operation.name
        if "{" in operation.path and operation.name not in TO_COME:
            assert status == 404, operation.name
        if operation.method == "get" and status == 200:
            assert SECRET not in text, operation.name
        touched = {place for place, before in changed.items() if before and place[0] not in SHARED}
        assert tables(dict.fromkeys(touched)) <= {"accounts.ApiToken"}, operation.name
