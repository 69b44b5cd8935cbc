"""What an issue is that an event opens."""

import msgspec

from errata.core.arrivals import DEFAULT_ARRIVALS, ArrivalRules, arrive, faults
from errata.core.vocabulary import ISSUE_TYPES


def test_by_default_the_level_says_how_bad_and_how_soon():
    fatal = arrive(DEFAULT_ARRIVALS, level="fatal", event_type="error", types=ISSUE_TYPES)
    report = arrive(DEFAULT_ARRIVALS, level="info", event_type="csp", types=ISSUE_TYPES)

    assert (fatal.type, fatal.priority, fatal.severity) == ("Error", "High", "Critical")
    assert (report.type, report.priority, report.severity) == ("Security", "Low", "Trivial")


def test_a_level_nobody_wrote_down_is_in_the_middle():
    found = arrive(DEFAULT_ARRIVALS, level="loud", event_type="error", types=ISSUE_TYPES)

    assert (found.priority, found.severity) == ("Medium", "Minor")


def test_a_type_the_project_does_not_have_becomes_its_first():
    assert arrive(DEFAULT_ARRIVALS, level="error", event_type="error", types=("Task", "Bug")).type == "Task"


def test_rules_that_name_what_is_not_there_are_told_so():
    wrong = ArrivalRules(
        type="Bug", types={"smoke": "Task"}, priorities={"fatal": "Now", "loud": "Low"}, severity="Bad"
    )

    assert faults(wrong, types=ISSUE_TYPES) == [
        "There is no issue type Bug.",
        "There is no priority Now.",
        "There is no severity Bad.",
        "There is no level loud.",
        "Nothing sends “smoke”.",
    ]
    assert faults(DEFAULT_ARRIVALS, types=ISSUE_TYPES) == []


def test_rules_are_data():
    assert msgspec.json.decode(msgspec.json.encode(DEFAULT_ARRIVALS), type=ArrivalRules) == DEFAULT_ARRIVALS
