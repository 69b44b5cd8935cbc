"""A fault in one activity keeps nobody from hearing of the others."""

from errata.apps.issues import operations as issues
from errata.apps.issues import queries
from errata.apps.issues.models import Activity
from errata.apps.notices import operations
from tests.apps.issues.shop import report
from tests.apps.notices.shop import inbox, listen
from tests.conftest import NOW


def minded(turns=20):
    """Listen as the clock of the store process does, which asks what to do after each fault."""
    tries = 0
    for _ in range(turns):
        try:
            operations.listen(at=NOW)
            tries = 0
        except KeyError as error:
            tries += 1
            issues.stumbled("notices", tries=tries, reason=repr(error), at=NOW)


def test_what_can_not_be_told_is_set_aside_and_told_after_a_fix(payments, alice, bob):
    keys = [report(f"Issue {number}", bob) for number in range(3)]
    listen()
    for key in keys:
        issues.watch_issue(key=key, by=alice, at=NOW)
        issues.update_issue(key=key, description="More.", by=bob, at=NOW)
    faulty = Activity.objects.get(issue__number=2, kind="description")
    Activity.objects.filter(id=faulty.id).update(after={})

    minded()
    assert sorted(key for key, _ in inbox(alice)) == ["PAY-1", "PAY-3"]
    assert [one.activity for one in queries.set_aside()] == [faulty.id]
    Activity.objects.filter(id=faulty.id).update(after=faulty.after)
    issues.try_again(by=bob, at=NOW)
    minded()

    assert sorted(inbox(alice)) == [(key, ["Bob Builder changed its description."]) for key in keys]
    assert queries.set_aside() == []
