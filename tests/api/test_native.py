"""The REST API, as a script sees it."""

import re
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from errata.adapters.memory.event_store import MemoryEventStore
from errata.apps.accounts.types import Actor
from errata.apps.projects.types import ProjectView
from errata.ports.event_store import StoreUnavailable
from tests.web import shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("events")]

ISSUE_FIELDS = {
    "key", "title", "culprit", "type", "priority", "severity", "stage", "assignee", "project", "count", "users",
    "first_seen", "last_seen",
}  # fmt: skip


def test_an_issue_is_reported_listed_and_read(api: Callable[..., Any], bob: Actor, payments: ProjectView) -> None:
    call = api(bob)

    created = call("post", "/issues", {"project": payments.slug, "title": "Refunds arrive twice", "type": "Error"})
    listed = call("get", "/issues", query="refunds").json()
    shown = call("get", f"/issues/{created.json()['key']}").json()

    assert created.status_code == 201
    assert [issue["key"] for issue in listed["items"]] == ["PAY-1"]
    assert listed["next"] is None
    assert listed["items"][0].keys() >= ISSUE_FIELDS
    assert shown["title"] == "Refunds arrive twice"
    assert shown["stage"] == "New"


def test_an_issue_walks_its_six_stages(api: Callable[..., Any], bob: Actor, payments: ProjectView) -> None:
    call = api(bob)
    key = call("post", "/issues", {"project": payments.slug, "title": "Refunds arrive twice"}).json()["key"]

    assert call("patch", f"/issues/{key}", {"assignee": "bob@shop.example"}).json()["stage"] == "Assigned"
    for stage, comment in (
        ("Retest", None),
        ("Revise", "Still twice."),
        ("Retest", None),
        ("Fixed", None),
        ("Closed", None),
    ):
        moved = call("post", f"/issues/{key}/transition", {"stage": stage, "comment": comment})
        assert moved.status_code == 200, moved.content
        assert moved.json()["stage"] == stage

    moves = [each for each in call("get", f"/issues/{key}/activity").json()["items"] if "stage" in each["after"]]
    assert [each["after"]["stage"] for each in reversed(moves)] == [
        "New", "Assigned", "Retest", "Revise", "Retest", "Fixed", "Closed",
    ]  # fmt: skip


def test_a_move_the_workflow_does_not_have_is_refused_with_what_it_has(
    api: Callable[..., Any], bob: Actor, payments: ProjectView
) -> None:
    call = api(bob)
    key = call("post", "/issues", {"project": payments.slug, "title": "Refunds arrive twice"}).json()["key"]

    refused = call("post", f"/issues/{key}/transition", {"stage": "Fixed"})

    assert refused.status_code == 409
    error = refused.json()["error"]
    assert error["code"] == "transition_refused"
    assert "Fixed is reached from Retest" in error["message"]
    assert call("get", f"/issues/{key}").json()["stage"] == "New"


def test_comments_are_kept_in_order(api: Callable[..., Any], bob: Actor, payments: ProjectView) -> None:
    call = api(bob)
    key = call("post", "/issues", {"project": payments.slug, "title": "Refunds arrive twice"}).json()["key"]

    for body in ("First.", "Second, *later*."):
        assert call("post", f"/issues/{key}/comments", {"body": body}).status_code == 201

    assert [comment["body"] for comment in call("get", f"/issues/{key}/comments").json()["items"]] == [
        "First.", "Second, *later*.",
    ]  # fmt: skip


def test_pages_follow_each_other_without_gap_or_repeat(
    api: Callable[..., Any], bob: Actor, payments: ProjectView
) -> None:
    call = api(bob)
    made = [call("post", "/issues", {"project": payments.slug, "title": f"Number {n}"}).json()["key"] for n in range(7)]

    seen: list[str] = []
    cursor = None
    while True:
        page = call("get", "/issues", limit=3, **({"cursor": cursor} if cursor else {})).json()
        seen += [issue["key"] for issue in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break

    assert sorted(seen) == sorted(made)


def test_a_query_that_cannot_be_read_says_where(api: Callable[..., Any], bob: Actor, payments: ProjectView) -> None:
    refused = api(bob)("get", "/issues", query="is:unassigned AND (level:error")

    assert refused.status_code == 400
    assert isinstance(refused.json()["error"]["data"]["position"], int)


def test_without_a_token_everything_is_401_in_the_one_shape(db: None) -> None:
    for path in ("/issues", "/projects", "/audit", "/issues/PAY-1", "/events/" + "a" * 32):
        answer = Client().get(f"/api/v1{path}")
        assert answer.status_code == 401, path
        assert answer.json()["error"]["code"] == "unauthenticated"


def test_another_organisation_sees_nothing(
    api: Callable[..., Any], bob: Actor, mallory: Actor, payments: ProjectView
) -> None:
    key = api(bob)("post", "/issues", {"project": payments.slug, "title": "Refunds arrive twice"}).json()["key"]
    spy = api(mallory)

    assert spy("get", "/issues").json()["items"] == []
    assert spy("get", f"/issues/{key}").status_code == 404
    assert spy("patch", f"/issues/{key}", {"title": "Mine"}).status_code == 404
    assert spy("post", f"/issues/{key}/comments", {"body": "Hello"}).status_code == 404
    assert spy("get", f"/projects/{payments.slug}").status_code == 404
    assert spy("get", f"/projects/{payments.slug}/keys").status_code == 404


def test_a_viewer_and_a_narrow_token_may_look_and_not_touch(
    api: Callable[..., Any], bob: Actor, carol: Actor, payments: ProjectView
) -> None:
    key = api(bob)("post", "/issues", {"project": payments.slug, "title": "Refunds arrive twice"}).json()["key"]

    for call in (api(carol), api(bob, scopes=["issue:read"])):
        assert call("get", f"/issues/{key}").status_code == 200
        refused = call("post", f"/issues/{key}/comments", {"body": "Hello"})
        assert refused.status_code == 403
        assert refused.json()["error"]["code"] == "forbidden"


def test_projects_and_keys(api: Callable[..., Any], alice: Actor) -> None:
    call = api(alice)

    created = call("post", "/projects", {"name": "Fulfilment", "platform": "python", "key": "FUL"})
    keys = call("get", f"/projects/{created.json()['slug']}/keys").json()["items"]
    second = call("post", f"/projects/{created.json()['slug']}/keys", {"name": "Staging"}).json()
    disabled = call("patch", f"/keys/{second['id']}", {"active": False, "quota_per_minute": 10}).json()

    assert created.status_code == 201
    assert created.json()["key"] == "FUL"
    assert len(keys) == 1
    assert keys[0]["dsn"].endswith(f"/{created.json()['id']}")
    assert disabled["active"] is False
    assert disabled["quota_per_minute"] == 10


def test_every_write_is_in_the_audit_log(api: Callable[..., Any], alice: Actor, payments: ProjectView) -> None:
    call = api(alice)
    key = call("post", "/issues", {"project": payments.slug, "title": "Refunds arrive twice"}).json()["key"]
    call("patch", f"/issues/{key}", {"priority": "High"})

    entries = call("get", "/audit", target=key).json()["items"]

    assert len(entries) == 2
    assert entries[0]["before"] == {"priority": "Medium"}
    assert entries[0]["after"] == {"priority": "High"}
    assert entries[0]["actor_name"] == "Alice Admin (test)"
    assert entries[0]["previous"] == entries[1]["hash"]


def test_an_issue_changed_by_somebody_else_meanwhile_is_not_overwritten(
    api: Callable[..., Any], alice: Actor, bob: Actor, payments: ProjectView
) -> None:
    call = api(bob)
    issue = call("post", "/issues", {"project": payments.slug, "title": "Refunds arrive twice"}).json()
    api(alice)("patch", f"/issues/{issue['key']}", {"title": "Refunds arrive three times"})

    refused = call("patch", f"/issues/{issue['key']}", {"title": "Mine", "version": issue["version"]})

    assert refused.status_code == 409
    assert call("get", f"/issues/{issue['key']}").json()["title"] == "Refunds arrive three times"


def test_a_body_that_does_not_fit_names_the_field(api: Callable[..., Any], bob: Actor, payments: ProjectView) -> None:
    refused = api(bob)("post", "/issues", {"project": payments.slug})

    assert refused.status_code == 422
    assert "title" in refused.json()["error"]["message"]


def test_the_description_of_the_api_loads(db: None) -> None:
    document = Client().get("/api/v1/openapi.json").json()

    assert document["info"]["title"] == "Errata"
    assert "/api/v1/issues/{key}/transition" in document["paths"]
    assert Client().get("/api/v1/docs").status_code == 200


def test_an_event_that_is_not_there_is_404(
    api: Callable[..., Any], bob: Actor, payments: ProjectView, events: MemoryEventStore
) -> None:
    call = api(bob)
    key = call("post", "/issues", {"project": payments.slug, "title": "Refunds arrive twice"}).json()["key"]

    assert call("get", f"/issues/{key}/events").json() == {"items": [], "next": None}
    assert call("get", f"/issues/{key}/events/latest").status_code == 404
    assert call("get", f"/events/{'a' * 32}").status_code == 404


def test_an_issue_is_put_under_another_and_taken_out(
    api: Callable[..., Any], bob: Actor, payments: ProjectView
) -> None:
    call = api(bob)
    call("post", "/issues", {"project": "payments", "title": "Whole"})
    part = call("post", "/issues", {"project": "payments", "title": "Part", "parent": "PAY-1"}).json()
    assert (part["parent"], part["parts"], part["due_at"], part["clock_state"], part["score"]) == (
        "PAY-1", 0, None, "", 0,
    )  # fmt: skip
    assert call("get", "/issues/PAY-1").json()["parts"] == 1

    assert call("patch", "/issues/PAY-1", {"parent": "PAY-2"}).status_code == 409
    assert call("patch", "/issues/PAY-2", {"parent": ""}).json()["parent"] is None
    assert call("patch", "/issues/PAY-2", {"title": "Renamed", "parent": "PAY-1"}).json()["parent"] == "PAY-1"


@pytest.mark.parametrize("kind", ["csv", "jsonl", "xlsx"])
def test_a_search_is_taken_away_as_a_file(
    api: Callable[..., Any], bob: Actor, mallory: Actor, payments: ProjectView, kind: str
) -> None:
    call = api(bob)
    call("post", "/issues", {"project": "payments", "title": "Secret"})

    answer = call("get", "/issues/export", query="is:open", format=kind)
    content = b"".join(answer.streaming_content)

    assert (b"PK" if kind == "xlsx" else b"Secret") in content
    other = b"".join(api(mallory)("get", "/issues/export", format=kind).streaming_content)
    assert b"Secret" not in other
    assert call("get", "/issues/export", format="pdf").status_code == 400


def test_how_the_work_goes_is_told(api: Callable[..., Any], bob: Actor, payments: ProjectView) -> None:
    call = api(bob)

    told = call("get", "/progress", days=7, by="type")

    assert told.status_code == 200
    assert told.json().keys() >= {"funnel", "flow", "stages", "ages", "throughput", "opened", "parts"}
    assert told.json()["resolution"] == told.json()["response"] == {"met": 0, "missed": 0, "breached": 0}
    assert call("get", "/progress", by="colour").json()["error"]["code"] == "part_unknown"


def test_the_page_of_the_api_is_drawn_with_files_of_this_installation(db: None) -> None:
    page = Client().get("/api/v1/docs").content.decode()
    files = re.findall(r'(?:src|href)="([^"]+)"', page)

    assert any(file.endswith("swagger-ui-bundle.js") for file in files)
    for file in files:
        with closing(Client().get(file)) as answer:
            assert answer.status_code == 200, file
            assert "html" not in answer.headers["Content-Type"], file


def test_the_description_tells_the_shape_of_errors(db: None) -> None:
    document = Client().get("/api/v1/openapi.json").json()

    for path, operations in document["paths"].items():
        for operation in operations.values():
            shape = operation["responses"]["default"]["content"]["application/json"]["schema"]["$ref"]
            assert shape == "#/components/schemas/ErrorBody", path
    assert "request_id" in document["components"]["schemas"]["Fault"]["properties"]


def test_comments_and_activity_follow_each_other_in_pages(
    api: Callable[..., Any], bob: Actor, payments: ProjectView
) -> None:
    call = api(bob)
    key = call("post", "/issues", {"project": payments.slug, "title": "Refunds arrive twice"}).json()["key"]
    for number in range(5):
        call("post", f"/issues/{key}/comments", {"body": f"Number {number}"})

    comments = [each["body"] for each in whole(call, f"/issues/{key}/comments", limit=2)]
    activity = [each["id"] for each in whole(call, f"/issues/{key}/activity", limit=2)]

    assert comments == [f"Number {number}" for number in range(5)]
    assert len(activity) == 6
    assert activity == sorted(set(activity), reverse=True)


def test_a_body_that_is_not_json_is_told_where_it_breaks(api: Callable[..., Any], bob: Actor) -> None:
    refused = api(bob)("post", "/issues", '{"project": }')

    assert refused.status_code == 400
    assert "line 1 column 13" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("get", "/nothing", 404), ("get", "/", 404), ("delete", "/issues", 405), ("get", "/issues/PAY-1/transition", 405)],
)
def test_what_no_endpoint_answers_has_the_one_shape_too(
    api: Callable[..., Any], bob: Actor, method: str, path: str, status: int
) -> None:
    answer = getattr(Client(), method)(f"/api/v1{path}")

    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["request_id"] == answer.headers["X-Request-Id"]
    assert error["message"].endswith((".", "is."))
    assert status == 404 or "Use " in error["message"]


def whole(call: Callable[..., Any], path: str, *, limit: int) -> list[Any]:
    """All items of a list, page by page."""
    items: list[Any] = []
    cursor = None
    while True:
        page = call("get", path, limit=limit, **({"cursor": cursor} if cursor else {})).json()
        assert len(page["items"]) <= limit
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items


def test_a_token_for_projects_alone_lists_projects_without_counting_issues(
    api: Callable[..., Any], alice: Actor, payments: ProjectView
) -> None:
    narrow, wide = api(alice, scopes=["project:read"]), api(alice)
    wide("post", "/issues", {"project": payments.slug, "title": "Refunds arrive twice"})

    assert [each["open_issues"] for each in wide("get", "/projects").json()["items"]] == [1]
    assert [each["open_issues"] for each in narrow("get", "/projects").json()["items"]] == [None]
    assert narrow("get", f"/projects/{payments.slug}").json()["open_issues"] is None
    assert narrow("get", "/issues").status_code == 403


def test_the_events_of_an_issue_are_listed_and_read_whole(
    api: Callable[..., Any], bob: Actor, mallory: Actor, payments: ProjectView, events: MemoryEventStore, now: datetime
) -> None:
    times = [now - timedelta(minutes=minutes) for minutes in (90, 30, 2)]
    newest = shop.fail(payments, number=0, at=now, times=times)
    call = api(bob)

    listed = whole(call, "/issues/PAY-1/events", limit=2)
    latest = call("get", "/issues/PAY-1/events/latest").json()
    oldest = call("get", "/issues/PAY-1/events/oldest").json()
    by_id = call("get", f"/events/{newest}").json()

    assert [event["timestamp"] for event in listed] == sorted((event["timestamp"] for event in listed), reverse=True)
    assert (len(listed), listed[0]["id"], latest["id"]) == (3, newest, newest)
    assert by_id == latest
    assert (latest["issue"], latest["older"], latest["newer"]) == ("PAY-1", listed[1]["id"], None)
    assert (oldest["id"], oldest["newer"]) == (listed[2]["id"], listed[1]["id"])
    frame = latest["exceptions"][-1]["frames"][-1]
    assert (frame["function"], frame["lineno"], frame["vars"]["voucher"]) == ("total", 42, "None")
    assert latest["title"].startswith("TypeError: unsupported operand")
    for path in (f"/events/{newest}", "/issues/PAY-1/events", f"/issues/PAY-1/events/{newest}"):
        assert api(mallory)("get", path).status_code == 404, path


def test_issues_are_linked_and_unlinked(
    api: Callable[..., Any], bob: Actor, mallory: Actor, payments: ProjectView
) -> None:
    call = api(bob)
    for title in ("The bank is slow", "Refunds wait"):
        call("post", "/issues", {"project": payments.slug, "title": title})

    linked = call("post", "/issues/PAY-1/links", {"kind": "blocks", "issue": "pay-2"})
    again = call("post", "/issues/PAY-1/links", {"kind": "blocks", "issue": "PAY-2"})
    link = linked.json()["links"][0]
    theirs = call("get", "/issues/PAY-2").json()["links"]

    assert (linked.status_code, again.json()["links"]) == (201, [link])
    assert (link["words"], link["issue"]) == ("blocks", "PAY-2")
    assert [(one["words"], one["issue"]) for one in theirs] == [("is blocked by", "PAY-1")]
    assert call("get", "/issues", query="is:blocked").json()["items"][0]["key"] == "PAY-2"
    for body, status in (
        ({"kind": "eats", "issue": "PAY-2"}, 422),
        ({"kind": "blocks", "issue": "PAY-1"}, 422),
        ({"kind": "blocks", "issue": "PAY-9"}, 404),
    ):
        assert call("post", "/issues/PAY-1/links", body).status_code == status
    assert api(mallory)("delete", f"/issues/PAY-1/links/{link['id']}").status_code == 404
    assert call("delete", f"/issues/PAY-2/links/{link['id'] + 1}").status_code == 404
    assert call("delete", f"/issues/PAY-2/links/{link['id']}").json()["links"] == []
    assert call("get", "/issues/PAY-1").json()["links"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "place"),
    [
        ("patch", "/issues/PAY-1", {"stage": "Fixed"}, "body.stage"),
        ("post", "/issues/PAY-1/comments", {"body": "Hi", "text": "Hi"}, "body.text"),
        ("post", "/projects/payments/keys", {"quota": 5}, "body.quota"),
        ("get", "/issues?owner=alice", None, "query.owner"),
        ("get", "/audit?kind=issue", None, "query.kind"),
        ("post", "/issues/PAY-1/transition?dry=1", {"stage": "Closed", "reason": "no"}, "query.dry"),
    ],
)
def test_what_an_operation_does_not_have_is_refused_and_not_passed_over(
    api: Callable[..., Any], alice: Actor, payments: ProjectView, method: str, path: str, body: Any, place: str
) -> None:
    call = api(alice)
    call("post", "/issues", {"project": payments.slug, "title": "Refunds arrive twice"})
    before = call("get", "/issues/PAY-1").json()

    refused = call(method, path, body)

    assert refused.status_code == 422
    assert refused.json()["error"]["data"]["places"][0]["at"] == place
    assert call("get", "/issues/PAY-1").json() == before


def test_issues_are_listed_of_one_project(api: Callable[..., Any], alice: Actor, payments: ProjectView) -> None:
    call = api(alice)
    other = call("post", "/projects", {"name": "Web shop", "platform": "node"}).json()
    for project in (payments.slug, other["slug"]):
        call("post", "/issues", {"project": project, "title": "Refunds arrive twice"})

    for which in (other["slug"], other["key"], other["id"]):
        found = call("get", f"/issues?project={which}&query=refunds").json()["items"]
        assert [issue["project"]["slug"] for issue in found] == [other["slug"]]
    assert len(call("get", "/issues").json()["items"]) == 2
    assert call("get", "/issues?project=nowhere").status_code == 404


def test_a_key_is_made_with_its_quota(api: Callable[..., Any], alice: Actor, payments: ProjectView) -> None:
    made = api(alice)("post", f"/projects/{payments.slug}/keys", {"name": "CI", "quota_per_minute": 5})

    assert (made.status_code, made.json()["quota_per_minute"]) == (201, 5)


def test_a_cursor_of_another_list_is_refused_by_the_audit_log(api: Callable[..., Any], alice: Actor) -> None:
    refused = api(alice)("get", "/audit", cursor="zzz")

    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "cursor_refused")


def test_a_search_of_events_is_503_while_they_are_away(
    api: Callable[..., Any],
    bob: Actor,
    payments: ProjectView,
    events: MemoryEventStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def silent(*_: Any, **__: Any) -> None:
        raise StoreUnavailable

    call = api(bob)
    call("post", "/issues", {"project": payments.slug, "title": "Refunds arrive twice"})
    monkeypatch.setattr(events, "fingerprints", silent)

    assert call("get", "/issues", query="release:1.0").json()["error"]["code"] == "events_unavailable"
    assert call("get", "/issues", query="release:1.0").status_code == 503
    assert [issue["key"] for issue in call("get", "/issues", query="is:open").json()["items"]] == ["PAY-1"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (r'{"labels": ["\ud800"]}', "half of a surrogate pair"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_body_that_nothing_can_keep_is_refused_before_anything_reads_it(
    api: Callable[..., Any], bob: Actor, payments: ProjectView, body: str, why: str
) -> None:
    call = api(bob)
    call("post", "/issues", {"project": "payments", "title": "Till"})

    answer = call("patch", "/issues/PAY-1", body)

    assert (answer.status_code, why in answer.json()["error"]["message"]) == (400, True)
    assert call("patch", "/issues/PAY-1", r'{"labels": ["\ud83d\ude00"]}').json()["labels"] == ["\U0001f600"]
