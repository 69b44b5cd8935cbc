"""Projects, their keys, and what intake knows and counts."""

from datetime import timedelta

import pytest

from errata.apps.accounts import operations as accounts
from errata.apps.projects import operations, queries, snapshot
from errata.apps.projects.types import IntakeCountRow
from errata.core.event.scrub import ScrubRules
from tests.conftest import NOW


def create(name, by, **others):
    return operations.create_project(name=name, platform="python", by=by, at=NOW, **others)


def test_a_project_comes_with_a_key_and_a_dsn(olga):
    project = create("Store Front", olga)

    [key] = queries.list_keys(actor=olga, which="store-front")
    assert (project.slug, project.key) == ("store-front", "SF")
    assert len(key.public_key) == 32
    assert queries.dsn(url="https://errata.example/on/", key=key) == (
        f"https://{key.public_key}@errata.example/on/{project.id}"
    )


@pytest.mark.parametrize(
    ("name", "slug", "key"),
    [
        ("Payments", "payments", "PAY"),
        ("shop backend api", "shop-backend-api", "SBA"),
        ("X", "x", "XPR"),
        ("42", "project-42", "PRJ"),
        ("日本", "project", "PRJ"),
        ("Élan vital", "elan-vital", "EV"),
        ("3D Engine", "3d-engine", "EPR"),
    ],
)
def test_slug_and_key_are_made_from_the_name(olga, name, slug, key):
    project = create(name, olga)

    assert (project.slug, project.key) == (slug, key)


def test_names_may_repeat_slugs_and_keys_not(olga):
    first, second, third = create("Payments", olga), create("Payments", olga), create("Payments", olga)

    assert [p.slug for p in (first, second, third)] == ["payments", "payments-2", "payments-3"]
    assert [p.key for p in (first, second, third)] == ["PAY", "PAY2", "PAY3"]
    with pytest.raises(operations.ProjectRefused, match="begin with PAY"):
        create("Other", olga, key="pay")


@pytest.mark.parametrize("key", ["", "P", "1AB", "TOO-LONG", "ABCDEFGHIJK", "PÄY"])
def test_a_key_that_cannot_begin_issue_keys_is_refused(olga, key):
    if key:
        with pytest.raises(operations.ProjectRefused):
            create("Other", olga, key=key)
    else:
        assert create("Other", olga, key=key).key == "OTH"


@pytest.mark.parametrize("which", ["payments", "PAY", "pay", " payments "])
def test_a_project_is_found_by_slug_and_key(payments, bob, which):
    assert queries.project(actor=bob, which=which).id == payments.id


def test_a_project_is_found_by_its_number(payments, bob):
    assert queries.project(actor=bob, which=payments.id).id == payments.id
    assert queries.find_project(actor=bob, which=10**12) is None
    assert queries.find_project(actor=bob, which="\0") is None


def test_intake_learns_of_every_change_and_of_nothing_else(payments, alice):
    known = snapshot.intake_snapshot()
    assert snapshot.intake_snapshot(known) is known
    [key] = queries.list_keys(actor=alice, which="payments")
    changes = [
        lambda: operations.set_quota(which="payments", per_minute=60, by=alice, at=NOW),
        lambda: operations.set_scrubbing(which="payments", rules=ScrubRules(keys=("iban",)), by=alice, at=NOW),
        lambda: operations.update_project(which="payments", allowed_origins=["https://x"], by=alice, at=NOW),
        lambda: operations.create_key(which="payments", name="CI", by=alice, at=NOW),
        lambda: operations.update_key(key_id=key.id, quota_per_minute=5, by=alice, at=NOW),
        lambda: operations.disable_key(key_id=key.id, by=alice, at=NOW),
        lambda: operations.add_dictionary(project_id=payments.id, body=b"shared", at=NOW),
        lambda: operations.archive_project(which="payments", by=alice, at=NOW),
    ]
    for change in changes:
        change()
        newer = snapshot.intake_snapshot(known)
        assert newer.version == known.version + 1
        known = newer

    project = known.projects[payments.id]
    assert (project.quota_per_minute, project.scrub.keys, project.allowed_origins) == (60, ("iban",), ("https://x",))
    assert queries.dictionary(project.dictionary) == b"shared"
    assert not any(key.active for key in known.keys.values()), "an archived project takes nothing"


def test_a_change_that_changes_nothing_leaves_no_trace(payments, alice):
    version = snapshot.intake_version()

    operations.set_quota(which="payments", per_minute=0, by=alice, at=NOW)

    assert snapshot.intake_version() == version


def test_a_disabled_key_comes_back(payments, alice):
    [key] = queries.list_keys(actor=alice, which="payments")

    assert not operations.disable_key(key_id=key.id, by=alice, at=NOW).active
    assert not snapshot.intake_snapshot().keys[key.public_key].active
    assert operations.enable_key(key_id=key.id, by=alice, at=NOW).active
    assert snapshot.intake_snapshot().keys[key.public_key].active


def test_a_deleted_project_is_gone_for_intake_and_lists_and_frees_its_name(payments, alice):
    operations.delete_project(which="payments", by=alice, at=NOW)

    assert queries.list_projects(actor=alice, include_archived=True) == []
    assert snapshot.intake_snapshot().keys == {}
    assert create("Payments", alice).key == "PAY"


def test_an_archived_project_is_kept_and_comes_back(payments, alice):
    operations.archive_project(which="payments", by=alice, at=NOW)
    assert queries.list_projects(actor=alice) == []
    assert [p.slug for p in queries.list_projects(actor=alice, include_archived=True)] == ["payments"]

    operations.restore_project(which="payments", by=alice, at=NOW)
    assert [p.slug for p in queries.list_projects(actor=alice)] == ["payments"]


def test_a_team_owns_a_project_and_its_end_does_not_end_the_project(payments, alice):
    accounts.create_team(name="Money", by=alice, at=NOW)
    assert operations.update_project(which="payments", team="money", by=alice, at=NOW).team == "money"

    accounts.delete_team(slug="money", by=alice, at=NOW)
    assert queries.project(actor=alice, which="payments").team == ""


@pytest.mark.parametrize("per_minute", [-1, 10**9])
def test_a_quota_has_bounds(payments, alice, per_minute):
    with pytest.raises(operations.ProjectRefused):
        operations.set_quota(which="payments", per_minute=per_minute, by=alice, at=NOW)


def test_intake_counts_add_up_by_the_hour(payments, bob):
    [key] = queries.list_keys(actor=bob, which="payments")

    def row(quantity, *, minutes=0, outcome="accepted"):
        at = NOW + timedelta(minutes=minutes)
        return IntakeCountRow(payments.id, key.id, at, outcome, "error", "", quantity)

    operations.record_intake_counts([row(5), row(2, outcome="rate_limited")])
    operations.record_intake_counts([row(7, minutes=59), row(1, minutes=61), row(0, outcome="invalid")])

    counts = queries.intake_counts(actor=bob, which="payments", since=NOW)
    assert [(c.hour, c.outcome, c.quantity) for c in counts] == [
        (NOW, "accepted", 12),
        (NOW, "rate_limited", 2),
        (NOW + timedelta(hours=1), "accepted", 1),
    ]
    assert queries.intake_totals(actor=bob, since=NOW) == {payments.id: {"accepted": 13, "rate_limited": 2}}
    assert operations.purge_intake_counts(before=NOW + timedelta(hours=1)) == 2


def test_dictionary_numbers_are_never_reused(payments, heist):
    first = operations.add_dictionary(project_id=payments.id, body=b"a", at=NOW)
    second = operations.add_dictionary(project_id=heist.id, body=b"b", at=NOW)

    assert first != second
    assert queries.current_dictionaries() == {payments.id: first, heist.id: second}
    assert [d.body for d in queries.list_dictionaries()] == [b"a", b"b"]
    assert queries.dictionary(10**6) is None
