"""What GitHub, GitLab and Gitea tell, read from deliveries as they send them."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.core.forge import (
    ToldCheck,
    ToldDeploy,
    ToldMerge,
    ToldPush,
    ToldRelease,
    Unreadable,
    is_signed,
    read,
)

DELIVERIES = Path(__file__).parents[2] / "api" / "deliveries"
B = "2b3c4d5e6f708192a3b4c5d6e7f8091234567890"
C = "3c4d5e6f708192a3b4c5d6e7f809123456789012"
A, M = "1a2b3c4d5e6f708192a3b4c5d6e7f80912345678", "4d5e6f708192a3b4c5d6e7f80912345678901234"
MERGED = datetime(2026, 11, 23, 11, 30, tzinfo=UTC)


def delivery(forge: str, name: str) -> bytes:
    return (DELIVERIES / forge / f"{name}.json").read_bytes()


def told(forge: str, name: str, event: str = ""):
    return read(forge, event or name, delivery(forge, name))


@pytest.mark.parametrize("forge", ["github", "gitlab", "gitea"])
def test_a_push_is_its_commits_oldest_first(forge):
    [push] = told(forge, "push")

    assert isinstance(push, ToldPush)
    assert (push.branch, push.landed, push.before, push.after) == ("main", True, A, C)
    assert [commit.sha for commit in push.commits] == [B, C]
    newest = push.commits[-1]
    assert (newest.author_email, newest.at) == ("bob@shop.example", MERGED)
    assert "Fixes PAY-1" in newest.message
    assert newest.url.endswith(C)


def test_a_push_to_another_branch_has_not_landed_and_begins_nowhere():
    [push] = told("github", "push_branch", "push")

    assert (push.branch, push.landed, push.before) == ("round-totals", False, "")


@pytest.mark.parametrize(
    ("forge", "name", "event"),
    [
        ("github", "push_deleted", "push"),
        ("github", "push_tag", "push"),
        ("gitlab", "tag_push", ""),
        ("github", "pull_request_unmerged", "pull_request"),
        ("gitlab", "merge_request_opened", ""),
        ("github", "deployment_status_pending", "deployment_status"),
        ("gitlab", "deployment_running", ""),
        ("github", "ping", "ping"),
        ("gitea", "push", "repository"),
    ],
)
def test_what_says_nothing_here_tells_nothing(forge, name, event):
    assert told(forge, name, event) == []


@pytest.mark.parametrize(
    ("forge", "name"), [("github", "pull_request"), ("gitlab", "merge_request"), ("gitea", "pull_request")]
)
def test_a_merged_request_names_its_commit_and_what_it_fixes(forge, name):
    [merge] = told(forge, name)

    assert isinstance(merge, ToldMerge)
    assert (merge.sha, merge.title, merge.branch, merge.landed) == (M, "Round totals", "main", True)
    assert "Fixes PAY-1" in merge.body
    assert (merge.author, merge.at) == ("bobb", MERGED)
    assert merge.url.endswith("/12")


def test_a_fast_forward_landed_its_last_commit():
    [merge] = told("gitlab", "merge_request_fast_forward")

    assert merge.sha == C


@pytest.mark.parametrize(
    ("forge", "name", "event", "check", "state"),
    [
        ("github", "check_run", "", "e2e", "failed"),
        ("github", "check_run_queued", "check_run", "e2e", "pending"),
        ("github", "check_suite", "", "GitHub Actions", "passed"),
        ("github", "status", "", "ci/build", "passed"),
        ("gitlab", "pipeline", "", "pipeline", "passed"),
        ("gitlab", "job", "", "e2e", "failed"),
        ("gitea", "status", "", "ci/woodpecker", "passed"),
    ],
)
def test_a_check_says_how_it_ended_and_on_what(forge, name, event, check, state):
    [one] = told(forge, name, event)

    assert isinstance(one, ToldCheck)
    assert (one.name, one.sha, one.state) == (check, C, state)
    assert one.at is not None
    assert one.at.tzinfo is not None
    assert one.url.startswith("https://") or name == "check_suite"


@pytest.mark.parametrize(("forge", "sha"), [("github", ""), ("gitlab", C), ("gitea", "")])
def test_a_release_is_a_tag_and_the_commit_where_it_is_told(forge, sha):
    [release] = told(forge, "release")

    assert isinstance(release, ToldRelease)
    assert (release.tag, release.sha) == ("v1.3.0", sha)
    assert release.at == datetime(2026, 11, 23, 11, 45, tzinfo=UTC)


@pytest.mark.parametrize(("forge", "name"), [("github", "deployment_status"), ("gitlab", "deployment")])
def test_a_deploy_that_succeeded_says_what_and_where(forge, name):
    [deploy] = told(forge, name)

    assert deploy == ToldDeploy(
        environment="production",
        sha=C,
        ref="v1.3.0",
        url="https://pay.shop.example",
        at=datetime(2026, 11, 23, 11, 55, tzinfo=UTC),
    )


def test_a_delivery_in_a_form_is_read_like_one_in_json():
    form = b"payload=" + quote_plus(delivery("github", "push")).encode()

    assert read("github", "push", form) == told("github", "push")


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b'{"object_kind": "push", "ref": 1}', b"\xff", b"null"])
@pytest.mark.parametrize("forge", ["github", "gitlab", "gitea"])
def test_a_payload_that_is_none_is_refused(forge, payload):
    with pytest.raises(Unreadable):
        read(forge, "push", payload)


@given(st.binary(max_size=200), st.sampled_from(["github", "gitlab", "gitea"]), st.sampled_from(["push", "status"]))
def test_any_bytes_are_read_or_refused(payload, forge, event):
    try:
        found = read(forge, event, payload)
    except Unreadable:
        return
    assert isinstance(found, list)


BODY = b'{"zen": "Design for failure."}'
# openssl dgst -sha256 -hmac secret
DIGEST = "639a8e5f64ab4209ebbf4826e616060913f3dbf02ee5c6d58838a6a85622eace"


@pytest.mark.parametrize(
    ("forge", "header", "proof"),
    [
        ("github", "x-hub-signature-256", f"sha256={DIGEST}"),
        ("gitlab", "x-gitlab-token", "secret"),
        ("gitea", "x-gitea-signature", DIGEST),
        ("gitea", "x-forgejo-signature", DIGEST),
    ],
)
def test_a_delivery_proves_that_it_knows_the_secret(forge, header, proof):
    assert is_signed(forge, secret="secret", headers={header: proof}, body=BODY)
    for wrong in ({}, {header: ""}, {header: proof[:-1]}, {header: f"{proof}é"}):
        assert not is_signed(forge, secret="secret", headers=wrong, body=BODY)
    assert not is_signed(forge, secret="", headers={header: proof}, body=BODY)
    assert not is_signed(forge, secret="other", headers={header: proof}, body=BODY)
    if forge != "gitlab":
        assert not is_signed(forge, secret="secret", headers={header: proof}, body=BODY + b" ")


def test_a_forge_that_is_none_proves_nothing():
    assert not is_signed("sourceforge", secret="secret", headers={}, body=BODY)
