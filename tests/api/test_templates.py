"""Templates and ranking, as a script sees them."""

import pytest

from errata.apps.designations.scores import follow_scores
from errata.apps.issues import operations as issues
from tests.conftest import NOW

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("events")]


def test_a_template_is_replaced_by_the_document_it_is_read_as(api, alice, payments):
    call = api(alice)
    own = {"ranking": "users", "maximum_time": {"targets": [{"severity": "Critical", "resolution": "4h"}]}}

    answer = call("put", "/templates/projects/payments", own | {"note": "Faster"})

    assert answer.status_code == 200, answer.content
    shown = call("get", "/templates/projects/PAY").json()
    assert shown["own"]["ranking"] == "users"
    assert shown["own"]["maximum_time"]["targets"][0]["resolution"] == "4h"
    assert shown["sources"]["ranking"]["origin"] == "project"
    assert shown["sources"]["platform"]["origin"] == "default"
    assert call("put", "/templates/projects/payments", shown["own"]).json()["version"] == 1, "nothing changed"
    [version] = call("get", "/templates/projects/payments/versions").json()["items"]
    assert (version["note"], version["by"]) == ("Faster", "Alice Admin (test)")


def test_a_template_that_can_not_be_used_is_refused_with_its_place(api, alice, payments):
    answer = api(alice)("put", "/templates/organization", {"ranking": "severity * banana"})

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "template_refused")
    assert error["data"]["faults"][0]["position"] == 11


def test_the_gallery_is_listed_and_taken_and_drift_told(api, alice, payments):
    call = api(alice)
    slugs = [ready["slug"] for ready in call("get", "/templates/gallery").json()["items"]]

    assert call("post", "/templates/projects/payments/gallery", {"template": slugs[1]}).status_code == 200

    [drifting] = call("get", "/templates/drift").json()["drifting"]
    assert drifting["scope"] == {"kind": "project", "slug": "payments"}
    assert drifting["own"] == ["maximum_time", "ranking"]
    assert drifting["differences"]


def test_a_score_is_shown_listed_explained_and_tried(api, alice, payments):
    call = api(alice)
    call("put", "/templates/organization", {"ranking": "priority * 10 + severity"})
    issues.create_issue(project="payments", title="Slow", priority="High", by=alice, at=NOW)
    issues.create_issue(project="payments", title="Wrong", severity="Critical", by=alice, at=NOW)
    follow_scores(NOW)

    assert [issue["score"] for issue in call("get", "/issues", sort="score").json()["items"]] == [10.33, 6]
    why = call("get", "/issues/PAY-1/score").json()
    assert [(part["text"], part["value"]) for part in why["parts"]] == [("priority * 10", 10), ("severity", 0.33)]
    assert (why["above"], why["open"]) == (0, 2)
    trial = call("post", "/templates/organization/all/ranking/try", {"ranking": "severity"}).json()
    assert [mover["key"] for mover in trial["up"]] == ["PAY-2"]


def test_members_read_and_do_not_write(api, bob, carol, payments):
    for reader in (bob, carol):
        call = api(reader)
        assert call("get", "/templates/projects/payments").status_code == 200
        assert call("get", "/templates/drift").status_code == 200
        assert call("put", "/templates/projects/payments", {"ranking": "users"}).status_code == 403
        assert call("post", "/templates/projects/payments/gallery", {"template": "saas"}).status_code == 403


def test_another_organisation_finds_nothing(api, alice, mallory, payments):
    issues.create_issue(project="payments", title="Ours", by=alice, at=NOW)
    call = api(mallory)

    assert call("get", "/templates/projects/payments").status_code == 404
    assert call("get", "/issues/PAY-1/score").status_code == 404
    assert call("get", "/templates/planets/mars").status_code == 404
