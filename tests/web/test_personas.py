"""Every page and every form there is, asked for by everybody: a new one is in here by itself, and has to be decided on.

Each address is opened and posted to on an organisation that has one of everything. What a post changes is read from all
tables, so a form that lets the wrong person through is found whatever it answers.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, reverse
from django.utils.http import urlencode

from errata.apps.accounts.types import Actor
from errata.core.arrivals import EVENT_TYPES
from errata.core.sla import WEEKDAYS
from errata.core.vocabulary import LEVELS
from errata.web.urls import urlpatterns
from tests.estate import MEMBERS, SECRET, SHARED, VIEWERS, Rows, Undone, changed_rows, rows, settle_estate, tables

pytestmark = pytest.mark.slow  # Everything there is, asked by everybody.

# What strangers are let in to; all else sends them to the door.
PUBLIC = {
    "favicon", "invitation", "manifest", "new-password", "reset", "setup", "signin", "signout",
    "unsubscribe",
}  # fmt: skip
# Where a viewer and a member are told something else than an owner is. Other pages they may all open; what they may
# change there is another question, which the tables below answer.
ADMINS: Mapping[str, int] = {
    "audit": 403, "audit-export": 403, "calendar-new": 403, "channel": 403, "channels": 403, "delivery": 404,
    "project-new": 403,
}  # fmt: skip
# What slugs are of.
_SLUGS = {
    "calendars/": "calendar",
    "process/designation/": "project",
    "process/fields/": "field",
    "process/workflows/": "workflow",
    "projects/": "project",
    "teams/": "team",
}
_WEEK = dict.fromkeys(WEEKDAYS[:5], "09:00-17:00")
_RULE = {"name": "Rule", "text": "when created\nthen label more", "project": ""}
# What to post where; a form that isn't here is posted nothing but an issue's key. `{…}` is filled in from the estate.
BODIES: Mapping[str, Mapping[str, Any]] = {
    "account": {"do": "profile", "name": "Somebody else"},
    "arrivals": {
        **dict.fromkeys([f"type:{sent}" for sent in EVENT_TYPES], "Error"),
        **dict.fromkeys([f"priority:{level}" for level in LEVELS], "High"),
        **dict.fromkeys([f"severity:{level}" for level in LEVELS], "Major"),
    },
    "board-move": {"key": "{other}", "to": "Assigned", "assignee": "me"},
    "calendar": {"name": "Longer hours", "zone": "Europe/Berlin", **_WEEK},
    "calendar-new": {"name": "Another", "zone": "Europe/Berlin", **_WEEK},
    "channel": {"name": "Renamed", "enabled": "1", "hourly_max": "5"},
    "channels": {"name": "Another", "kind": "webhook", "address": "https://hooks.example/other"},
    "custom-field": {"name": "Renamed", "kind": "text"},
    "custom-field-new": {"name": "Another", "kind": "text"},
    "custom-fields": {"slug": "{field}", "do": "archive"},
    "designation": {"rules": "* olga@shop.example", "do": "text", "version": "1"},
    "designation-absence": {"person": "{person}", "since": "2026-12-01", "until": "2026-12-02"},
    "designation-codeowners": {"codeowners": "*.py olga@shop.example", "do": "import"},
    "designation-skills": {"person": "{person}", "skills": "sql"},
    "invite": {"email": "dora@shop.example", "role": "member"},
    "issue-comment": {"body": "A word."},
    "issue-fix": {"kind": "check", "what": "e2e"},
    "issue-link": {"kind": "relates", "to": "{other}"},
    "issue-new": {"project": "{project}", "title": "Another", "type": "Error", "priority": "High", "severity": "Major"},
    "issue-parent": {"parent": "{other}"},
    "issue-wait": {"on": "the bank"},
    "issue-watch": {"mode": "none"},
    "issue-types": {"name": "Another"},
    "issues-change": {"key": "{key}", "field": "priority", "value": "High"},
    "issues-save-view": {"name": "Another", "q": "is:open", "shared": "1"},
    "issues-undo": {"activity": "{activity}"},
    "inbox-act": {"do": "done", "item": "{item}"},
    "notifications": {"issue_max": "5", "channel_max": "50", "digest": "daily", "zone": "Europe/Rome", "mail_off": "1"},
    "person-active": {"active": "0"},
    "person-role": {"role": "viewer"},
    "process-ranking": {"ranking": "priority * 20"},
    "process-restore": {"number": "1"},
    "process-template": {"field": "ranking", "do": "inherit", "after": ""},
    "project": {"name": "Renamed", "platform": "python"},
    "project-archive": {"archive": "1"},
    "project-delete": {"confirm": "{project}"},
    "project-key": {"active": "0"},
    "project-key-new": {"name": "Another"},
    "project-new": {"name": "Another", "platform": "python"},
    "project-quotas": {"per_minute": "7"},
    "project-scrubbing": {"fields": "pin", "defaults": "1"},
    "repositories": {"name": "shop/other", "forge": "github"},
    "repository-delete": {"confirm": "{repository}"},
    "rule": _RULE,
    "rule-mode": {"mode": "off"},
    "rule-new": _RULE,
    "subscribe": {"project": "{project}", "mode": "new"},
    "team": {"do": "delete"},
    "teams": {"name": "Another"},
    "tokens": {"name": "Another", "scopes": "issue:read", "days": "30"},
    "workflow-adopt": {"project": "{project}", "do": "adopt"},
    "workflow-new": {"take": "kanban"},
}
# What to ask a page for; one that isn't here is asked for an issue's key.
QUERIES: Mapping[str, Mapping[str, str]] = {
    "arrivals": {},
    "board-ask": {"key": "{key}", "to": "retest"},
    "designation-try": {"text": "{key}"},
    "process-ready": {"ready": "saas"},
    "workflow-adopt": {"project": "{project}"},
}
# What changes no row when an owner posts to it: it shows, tries or checks, or its form isn't for whoever is signed in.
# The workflow designer's form is as long as the workflow; tests/web/test_workflows.py posts it.
READING = {
    "audit", "audit-export", "board", "board-ask", "board-cards", "board-lane", "board-more", "calendar", "calendars",
    "channel-preview", "deliveries", "delivery", "designation-check", "designation-people", "designations", "event",
    "event-file", "event-markdown", "event-raw", "favicon", "home", "inbox", "invitation", "issue", "issue-clocks",
    "issue-new-words", "issue-rank", "issue-suggestion", "issues", "issues-complete", "issues-fresh", "issues-keys",
    "issues-pick", "issues-rows", "live", "live-poll", "manifest", "me", "new-password", "palette", "people",
    "people-named", "preview", "process", "process-drift", "process-gallery", "process-ranking-try", "progress",
    "project-keys", "project-look", "project-sample", "project-scrub-preview", "project-start", "projects", "release",
    "releases", "rule-trial", "rules", "setup", "sla", "sla-forecast", "unsubscribe", "workflow", "workflow-design",
    "workflow-drawn", "workflows",
}  # fmt: skip
# What there is none of here, on purpose: a file that the event doesn't have, a link that was never sent.
NOWHERE = {"event-file", "unsubscribe"}
# A part of a page, which says in its place that there is no such project.
IN_PLACE = {"designation-try"}


@pytest.fixture
def estate(olga: Actor, events: Any, now: Any) -> dict[str, Any]:
    return settle_estate(olga, at=now)


def addresses(estate: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every page's name and address."""
    for pattern in urlpatterns:
        yield str(pattern.name), reverse(str(pattern.name), kwargs=_arguments(pattern, estate))


def _arguments(pattern: URLPattern, estate: Mapping[str, Any]) -> dict[str, Any]:
    """What the address names, of the estate. A KeyError: make one of it in tests/estate.py."""
    route = str(pattern.pattern)
    special = {
        "field": "stage",
        "link_id": estate["fix_id" if "fixes/" in route else "link_id"],
        "slug": next((estate[of] for start, of in _SLUGS.items() if route.startswith(start)), ""),
    }
    return {name: special.get(name) or estate[name] for name in pattern.pattern.converters}


def is_about_something(name: str) -> bool:
    """Whether the address names something of an organisation."""
    pattern = next(one for one in urlpatterns if one.name == name)
    return bool(pattern.pattern.converters.keys() - {"field"}) and name not in PUBLIC


def _without_echo(text: str, path: str, estate: Mapping[str, Any]) -> str:
    """The text without what the address named: an answer may say what isn't there."""
    for value in sorted((str(value) for value in estate.values()), key=len, reverse=True):
        text = text.replace(value, "") if f"/{value}/" in path else text
    return text


class Visitor:
    """Somebody's browser, which leaves nothing behind: after each answer all is as it was."""

    def __init__(self, client: Client, estate: Mapping[str, Any]) -> None:
        self._cookies = copy.deepcopy(client.cookies)
        self._estate = estate
        with Undone():
            self._before = rows()

    def get(self, name: str, path: str) -> tuple[int, str, str]:
        """Open a page; return its status, its text, and where it leads."""
        with Undone():
            answer = self._client().get(path, self._filled(QUERIES.get(name, {"key": "{key}"})))
            return answer.status_code, _read(answer), answer.headers.get("Location", "")

    def post(self, name: str, path: str) -> tuple[int, str, Rows]:
        """Post a form; return its status, where it leads, and what was changed as it was before (None: is new)."""
        if name in QUERIES:
            path += "?" + urlencode(self._filled(QUERIES[name]))
        with Undone():
            answer = self._client().post(path, self._filled(BODIES.get(name, {"key": "{key}"})))
            _read(answer)
            after = rows()
        return answer.status_code, answer.headers.get("Location", ""), changed_rows(self._before, after)

    def _filled(self, values: Mapping[str, str]) -> dict[str, str]:
        return {name: value.format_map(self._estate) for name, value in values.items()}

    def _client(self) -> Client:
        client = Client(raise_request_exception=False)
        client.cookies = copy.deepcopy(self._cookies)
        return client


def _read(answer: Any) -> str:
    return str(answer.getvalue().decode())


def test_strangers_are_sent_to_the_door(estate: Any) -> None:
    stranger = Visitor(Client(), estate)

    let_in = set()
    for name, path in addresses(estate):
        (status, _, where), (posted, posted_where, changed) = stranger.get(name, path), stranger.post(name, path)
        to_the_door = where.startswith("/signin/?next=") and posted_where.startswith("/signin/?next=")
        if (status, posted, to_the_door) != (302, 302, True):
            let_in.add(name)
        assert tables(changed) <= SHARED, name

    assert let_in == PUBLIC


def test_an_owner_opens_every_page_and_is_told_no_by_no_form(estate: Any, olga: Actor, browser: Any) -> None:
    owner = Visitor(browser(olga), estate)

    idle = set()
    for name, path in addresses(estate):
        status, _, _ = owner.get(name, path)
        assert status in ((404,) if name in NOWHERE else (200, 204, 302, 405)), name
        posted, _, changed = owner.post(name, path)
        assert posted < 500, name
        if posted != 405 and not tables(changed) - {"sessions.Session", "accounts.Attempt"}:
            idle.add(name)

    # A new form needs a body above with which it does its work, or a place in READING.
    assert idle - {"reset", "signin", "signout"} == READING


@pytest.mark.parametrize(("who", "theirs"), [("carol", VIEWERS), ("bob", MEMBERS)])
def test_a_role_opens_what_it_may_and_changes_what_is_its_to_change(
    estate: Any, olga: Actor, browser: Any, request: pytest.FixtureRequest, who: str, theirs: set[str]
) -> None:
    somebody, owner = Visitor(browser(request.getfixturevalue(who)), estate), Visitor(browser(olga), estate)

    refused = ADMINS if "issues.Issue" in theirs else {**ADMINS, "issue-new": 403}
    for name, path in addresses(estate):
        status, _, _ = somebody.get(name, path)
        assert status == refused.get(name, owner.get(name, path)[0]), name
        posted, _, changed = somebody.post(name, path)
        assert posted < 500, name
        # A project counts the issues that are written down.
        counted = {"projects.Project"} if name == "issue-new" and "issues.Issue" in theirs else set()
        assert tables(changed) <= theirs | counted, (name, posted)
        others = {place for place, before in changed.items() if before and place[0] == "accounts.User"}
        assert others <= {("accounts.User", request.getfixturevalue(who).user_id)}, name


def test_another_organisations_admin_finds_nothing_and_changes_nothing(
    estate: Any, mallory: Actor, browser: Any
) -> None:
    rival = Visitor(browser(mallory), estate)
    hers = {("accounts.User", mallory.user_id), ("accounts.Organization", mallory.organization_id)}

    for name, path in addresses(estate):
        status, text, _ = rival.get(name, path)
        if is_about_something(name) and name not in IN_PLACE:
            assert status in (404, 405), name
        if name not in PUBLIC:
            assert SECRET not in _without_echo(text, path, estate), name
        posted, _, changed = rival.post(name, path)
        assert posted < 500, name
        assert posted in (404, 405, 410) or not is_about_something(name), (name, posted)
        touched = {place for place, before in changed.items() if before and place[0] not in SHARED}
        assert touched <= hers, (name, posted)
