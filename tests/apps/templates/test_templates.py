"""Templates: inheritance, versions, drift, the gallery, and what every arriving issue asks for."""

from datetime import timedelta

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from errata.apps.accounts import operations as accounts
from errata.apps.accounts.permissions import Forbidden
from errata.apps.accounts.queries import TeamNotFound
from errata.apps.audit import queries as audit
from errata.apps.projects import operations as projects
from errata.apps.projects.queries import ProjectNotFound
from errata.apps.templates import operations, queries
from errata.apps.templates.models import TemplateVersion
from errata.apps.templates.types import Scope
from errata.core.designation import DesignationRule
from errata.core.sla import ClockPolicy, Target
from errata.core.template import DEFAULT, GALLERY, Platform, to_document
from tests.conftest import NOW

ORGANIZATION = Scope()
TEAM = Scope("team", "money")
PROJECT = Scope("project", "payments")
HOURS = ClockPolicy(targets=(Target(resolution_min=240),))


def change(scope, by, *, at=NOW, **fields):
    return operations.change_template(scope=scope, by=by, at=at, **fields)


@pytest.fixture
def money(payments, alice):
    """The team that Payments belongs to."""
    team = accounts.create_team(name="Money", by=alice, at=NOW)
    projects.update_project(which="payments", team="money", by=alice, at=NOW)
    return team


def test_without_a_template_the_default_is_in_force_and_costs_one_query(payments):
    with CaptureQueriesContext(connection) as captured:
        assert queries.template_of(payments.id) == DEFAULT
    assert len(captured) == 1


def test_a_project_inherits_each_field_from_its_team_and_its_organisation(payments, money, olga, bob):
    change(ORGANIZATION, olga, ranking="severity", platform=Platform("slack", "ops"))
    change(TEAM, olga, ranking="users")
    change(PROJECT, olga, maximum_time=HOURS)

    view = queries.template(actor=bob, scope=PROJECT)

    assert view.template == msgspec.structs.replace(
        DEFAULT, ranking="users", platform=Platform("slack", "ops"), maximum_time=HOURS
    )
    assert {name: (source.origin, source.name) for name, source in view.sources.items()} == {
        "maximum_time": ("project", "Payments"),
        "platform": ("organization", "Shop"),
        "ranking": ("team", "Money"),
        "designation": ("default", ""),
    }
    assert view.inherited.maximum_time == DEFAULT.maximum_time
    assert queries.template_of(payments.id) == view.template


def test_what_is_taken_back_is_inherited_again(payments, olga):
    change(PROJECT, olga, ranking="users")
    change(PROJECT, olga, ranking=None)

    assert queries.template_of(payments.id).ranking == DEFAULT.ranking
    assert queries.template(actor=olga, scope=PROJECT).number == 2


def test_every_process_sees_a_change_at_once_and_asks_little_in_between(payments, money, olga):
    change(ORGANIZATION, olga, ranking="users")
    assert queries.template_of(payments.id).ranking == "users"

    with CaptureQueriesContext(connection) as captured:
        queries.template_of(payments.id)
    assert len(captured) == 2

    change(TEAM, olga, ranking="count")
    assert queries.template_of(payments.id).ranking == "count"
    projects.update_project(which="payments", team="", by=olga, at=NOW)
    assert queries.template_of(payments.id).ranking == "users"


def test_the_number_of_the_templates_grows_with_each_change(payments, olga):
    assert queries.template_version() == 0
    change(PROJECT, olga, ranking="users")
    change(PROJECT, olga, ranking="users")

    assert queries.template_version() == 1


def test_versions_say_who_when_and_what_and_are_never_changed(payments, olga, alice):
    change(PROJECT, olga, ranking="users", note="People first")
    change(PROJECT, alice, ranking="count", maximum_time=HOURS, at=NOW + timedelta(hours=1))
    operations.restore_version(scope=PROJECT, number=1, by=olga, at=NOW + timedelta(hours=2))

    newest, second, first = queries.versions(actor=alice, scope=PROJECT)

    assert (first.number, first.by_name, first.note) == (1, "Olga Owner", "People first")
    assert first.words == ("Basis for ranking: set here.", "Ranking: users")
    assert second.words[:3] == ("Maximum time: set here.", "Resolution of every other issue: 4h.",
                                "Ranking: users → count")  # fmt: skip
    assert newest.overrides == first.overrides
    assert newest.note == "Back to version 1."
    with pytest.raises(operations.VersionNotFound):
        operations.restore_version(scope=PROJECT, number=9, by=olga, at=NOW)


def test_a_change_that_changes_nothing_is_no_version(payments, olga):
    assert change(PROJECT, olga, ranking="users") is not None
    assert change(PROJECT, olga, ranking="users") is None
    assert len(queries.versions(actor=olga, scope=PROJECT)) == 1


def test_who_works_on_an_older_version_is_told(payments, olga, alice):
    change(PROJECT, olga, ranking="users", after=0)

    with pytest.raises(operations.TemplateChangedMeanwhile, match="Olga Owner"):
        change(PROJECT, alice, ranking="count", after=0)


def test_a_template_nobody_could_work_by_is_refused_with_its_field_and_place(payments, olga):
    with pytest.raises(operations.TemplateRefused) as caught:
        change(PROJECT, olga, ranking="severity * banana")

    assert caught.value.data["field"] == "ranking"
    assert caught.value.data["faults"][0]["position"] == 11
    assert queries.template_version() == 0


def test_a_change_is_in_the_audit_log_with_the_fields_it_changed(payments, olga):
    change(PROJECT, olga, ranking="users")
    change(PROJECT, olga, ranking="count")

    entry = audit.list_entries(actor=olga, action="template.changed").items[0]

    assert entry.target == "payments"
    assert entry.before == {"version": 1, "ranking": "users"}
    assert entry.after == {"version": 2, "of": "project", "ranking": "count"}


def test_a_document_replaces_all_four_fields(payments, olga):
    change(PROJECT, olga, platform=Platform("slack", "ops"))
    document = to_document(queries.template(actor=olga, scope=PROJECT).overrides) | {"ranking": "users"}
    del document["platform"]

    operations.replace_template(scope=PROJECT, document=document, by=olga, at=NOW)

    own = queries.template(actor=olga, scope=PROJECT).overrides
    assert (own.platform, own.ranking) == (None, "users")


@pytest.mark.parametrize("slug", GALLERY)
def test_the_gallery_brings_time_and_ranking_and_leaves_people_and_place(payments, olga, slug):
    rules = (DesignationRule(owners=("#pay",)),)
    change(PROJECT, olga, designation=rules, platform=Platform("slack", "ops"))

    operations.apply_gallery(slug=slug, scope=PROJECT, by=olga, at=NOW)

    template = queries.template_of(payments.id)
    assert template.maximum_time == GALLERY[slug].template.maximum_time
    assert (template.designation, template.platform) == (rules, Platform("slack", "ops"))


def test_a_template_that_the_gallery_does_not_have_is_refused_with_those_it_has(payments, olga):
    with pytest.raises(operations.ReadyNotFound, match="web-shop"):
        operations.apply_gallery(slug="bakery", scope=PROJECT, by=olga, at=NOW)


def test_drift_names_who_deviates_and_in_what(payments, money, olga, bob):
    projects.create_project(name="Other", platform="python", by=olga, at=NOW)
    change(ORGANIZATION, olga, ranking="severity")
    change(TEAM, olga, ranking="users")
    change(Scope("project", "other"), olga, ranking="severity")

    report = queries.drift(actor=bob)

    team, other, payments_drift = sorted(report.drifting, key=lambda each: each.name)
    assert (team.name, other.name, payments_drift.name) == ("Money", "Other", "Payments")
    assert [each.words for each in team.differences] == ["Ranking: severity → users"]
    assert team.own == ("ranking",)
    assert (payments_drift.own, payments_drift.team) == ((), "Money"), "it deviates through its team"
    assert payments_drift.differences == team.differences
    assert (other.idle, other.differences) == (("ranking",), ()), "what it sets, it would inherit anyway"
    assert report.agreeing == 0


def test_a_history_has_every_switch_of_policy_once(payments, money, olga):
    def later(hours):
        return NOW + timedelta(hours=hours)

    change(ORGANIZATION, olga, ranking="severity", at=later(1))
    change(TEAM, olga, ranking="users", at=later(2))
    change(PROJECT, olga, designation=(), at=later(3))
    change(ORGANIZATION, olga, ranking="count", at=later(4))
    projects.update_project(which="payments", team="", by=olga, at=later(5))
    change(TEAM, olga, ranking="rate", at=later(6))

    history = queries.policy_history(payments.id)

    assert [template.ranking for _, template in history] == [DEFAULT.ranking, "severity", "users", "count"]
    assert [since for since, _ in history][1:] == [later(1), later(2), later(5)]


def test_a_project_that_comes_back_to_its_team_keeps_the_time_between(payments, money, olga):
    def move(team, hours):
        projects.update_project(which="payments", team=team, by=olga, at=NOW + timedelta(hours=hours))

    change(TEAM, olga, ranking="users", at=NOW)
    assert len(queries.policy_history(payments.id)) == 2
    move("", 1)
    move("money", 2)

    rankings = [template.ranking for _, template in queries.policy_history(payments.id)]
    assert rankings == [DEFAULT.ranking, "users", DEFAULT.ranking, "users"]


def test_a_deleted_team_was_in_force_until_then(payments, money, olga):
    change(TEAM, olga, ranking="users", at=NOW)
    accounts.delete_team(slug="money", by=olga, at=NOW + timedelta(hours=1))

    history = queries.policy_history(payments.id)

    assert [(since, template.ranking) for since, template in history][1:] == [
        (NOW, "users"),
        (NOW + timedelta(hours=1), DEFAULT.ranking),
    ]


def test_a_deleted_project_has_the_default(payments, olga):
    change(PROJECT, olga, ranking="users")
    projects.delete_project(which="payments", by=olga, at=NOW)

    assert queries.template_of(payments.id) == DEFAULT
    assert [template for _, template in queries.policy_history(payments.id)] == [DEFAULT]
    projects.remove_deleted()
    assert not TemplateVersion.objects.filter(project_id=payments.id).exists()


def test_admins_write_and_everybody_else_reads(payments, money, olga, alice, bob, carol):
    for scope in (ORGANIZATION, TEAM, PROJECT):
        assert change(scope, alice, ranking="users")
        for reader in (bob, carol):
            assert queries.template(actor=reader, scope=scope).template.ranking == "users"
            with pytest.raises(Forbidden):
                change(scope, reader, ranking="count")
            with pytest.raises(Forbidden):
                operations.restore_version(scope=scope, number=1, by=reader, at=NOW)


def test_another_organisation_sees_nothing(payments, money, olga, mallory):
    change(ORGANIZATION, olga, ranking="users")

    assert queries.template(actor=mallory, scope=ORGANIZATION).template == DEFAULT
    assert queries.versions(actor=mallory, scope=ORGANIZATION) == []
    assert queries.drift(actor=mallory).drifting == []
    for scope, missing in ((TEAM, TeamNotFound), (PROJECT, ProjectNotFound)):
        with pytest.raises(missing):
            queries.template(actor=mallory, scope=scope)
        with pytest.raises(missing):
            change(scope, mallory, ranking="count")


def test_a_stored_version_survives_fields_that_are_added_later(payments, olga):
    change(PROJECT, olga, maximum_time=HOURS)
    row = TemplateVersion.objects.get()
    for name in ("calendar", "on_reopen"):
        del row.fields["maximum_time"][name]
    row.fields["maximum_time"]["unheard_of"] = 1
    row.fields["maximum_time"]["targets"][0]["also"] = "new"
    row.save()

    assert queries.template(actor=olga, scope=PROJECT).overrides.maximum_time == HOURS
