"""What patterns are about, and when rules hold."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.core.designation import DesignationRule, Facts, Frame, HoursRefused, PathMapping, find_match, hours
from errata.core.designation.globs import matches, matches_path, owns

NAMES = st.text("abAB/.*?[]!-", max_size=12)


@pytest.mark.parametrize(
    ("pattern", "path", "found"),
    [
        ("billing/**", "billing/charge.py", True),
        ("billing/*", "billing/cards/visa.py", True),
        ("Billing/*.PY", "billing/charge.py", True),
        ("**/billing/*", "billing/charge.py", True),
        ("**/billing/*", "src/billing/charge.py", True),
        ("billing/*", "src/billing/charge.py", False),
        ("src\\billing\\*", "src/billing/charge.py", True),
        ("src/[ab].py", "src/b.py", True),
        ("src/?.py", "src/bb.py", False),
    ],
)
def test_a_glob_is_about_the_whole_path(pattern, path, found):
    assert matches_path(pattern, path) is found


@pytest.mark.parametrize(
    ("pattern", "path", "found"),
    [
        ("*", "a/b/c.py", True),
        ("*.js", "web/app/main.js", True),
        ("*.js", "web/app/main.ts", False),
        ("/build/logs/", "build/logs/today.log", True),
        ("/build/logs/", "other/build/logs/today.log", False),
        ("docs/*", "docs/start.md", True),
        ("docs/*", "docs/build/trouble.md", False),
        ("apps/", "services/apps/shop/main.py", True),
        ("apps/", "services/apps", False),
        ("/docs/", "docs/a/b/c.md", True),
        ("**/logs", "deeply/nested/logs/x", True),
        ("/apps/github", "apps/github/main.py", True),
        ("/apps/github", "apps/gitlab/main.py", False),
        ("src/**/test_*.py", "src/a/b/test_x.py", True),
        ("src/**/test_*.py", "src/test_x.py", True),
        ("Makefile", "makefile", False),
    ],
)
def test_a_codeowners_pattern_is_read_as_the_platforms_read_it(pattern, path, found):
    assert owns(pattern, path) is found


@given(pattern=NAMES, text=NAMES)
def test_no_pattern_is_too_odd_to_be_compared(pattern, text):
    assert matches(pattern, text) in (True, False)
    assert owns(pattern, text) in (True, False)


@given(st.text("ab/", max_size=8))
def test_a_path_matches_itself(path):
    assert matches_path(path, path)


def test_many_stars_are_compared_in_no_time():
    assert not owns("/".join(["**", "*a*a*a*a*b"] * 20), "/".join(["a" * 60] * 60))
    assert not matches("*a" * 60 + "b", "a" * 1_000)


FACTS = Facts(
    type="Error",
    url="https://shop.example/checkout/pay",
    tags=(("region", "eu-west"), ("server", "web-3")),
    services=("checkout", "/pay"),
    frames=(
        Frame(path="billing/charge.py", abs_path="/app/billing/charge.py", module="billing.charge"),
        Frame(path="django/core/handlers.py", module="django.core.handlers", in_app=False),
    ),
)


@pytest.mark.parametrize(
    ("kind", "pattern", "what"),
    [
        ("always", "", "every issue"),
        ("path", "billing/*", "billing/charge.py"),
        ("path", "/app/**", "/app/billing/charge.py"),
        ("path", "django/**", "django/core/handlers.py"),
        ("codeowners", "/billing/", "billing/charge.py"),
        ("codeowners", "/django/", None),  # a library's code is nobody's of the repository
        ("module", "BILLING.*", "billing.charge"),
        ("url", "*/checkout/*", "https://shop.example/checkout/pay"),
        ("tag", "region=eu*", "region=eu-west"),
        ("tag", "region=us*", None),
        ("service", "check*", "checkout"),
        ("type", "error", "Error"),
        ("type", "Task", None),
    ],
)
def test_a_rule_says_what_of_the_issue_it_is_about(kind, pattern, what):
    assert find_match(DesignationRule(kind=kind, pattern=pattern), FACTS) == what


def test_a_mapping_names_files_as_the_repository_does():
    mapping = PathMapping(stack_root="/app/", source_root="backend/")
    rule = DesignationRule(kind="codeowners", pattern="/backend/billing/")

    assert find_match(rule, FACTS) is None
    assert find_match(rule, FACTS, mappings=[mapping]) == "backend/billing/charge.py"


@pytest.mark.parametrize(
    ("text", "at", "holds"),
    [
        ("08:00-16:00 Europe/Berlin", datetime(2026, 11, 23, 7, 30, tzinfo=UTC), True),
        ("08:00-16:00 Europe/Berlin", datetime(2026, 11, 23, 15, 0, tzinfo=UTC), False),
        ("08:00-16:00 Europe/Berlin", datetime(2026, 7, 23, 6, 0, tzinfo=UTC), True),  # summer time
        ("mon-fri 22:00-06:00 UTC", datetime(2026, 11, 28, 5, 0, tzinfo=UTC), True),  # Friday's, on Saturday
        ("mon-fri 22:00-06:00 UTC", datetime(2026, 11, 23, 5, 0, tzinfo=UTC), False),  # Sunday's, on Monday
        ("sat,sun 00:00-24:00", datetime(2026, 11, 22, 23, 59, tzinfo=UTC), True),
        ("sat-mon 09:00-10:00 UTC", datetime(2026, 11, 23, 9, 0, tzinfo=UTC), True),
    ],
)
def test_hours_go_by_the_clock_of_their_zone(text, at, holds):
    assert hours(text).hold(at) is holds


@pytest.mark.parametrize(
    "text", ["", "8-16", "08:00-25:00", "08:00-16:00 Europe/Nowhere", "xyz 08:00-16:00", "1:00-2:00 Europe"]
)
def test_hours_that_cannot_be_read_are_refused_with_an_example(text):
    with pytest.raises(HoursRefused, match="08:00-16:00 Europe/Berlin"):
        hours(text)
