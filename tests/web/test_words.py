"""How pages say times and show what people wrote."""

from datetime import UTC, datetime, timedelta

import pytest

from errata.apps.clocks.plain import counted_words
from errata.core.sla import ALWAYS
from errata.web.markdown import to_html
from errata.web.templatetags.ui import ago, distance, spell

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("back", "words"),
    [
        (timedelta(minutes=4), "4min"),
        (timedelta(days=6), "6d"),
        (timedelta(days=14), "12 Nov"),
        (timedelta(days=400), "22 Oct 2025"),
    ],
)
def test_a_date_begins_with_its_day(back: timedelta, words: str) -> None:
    assert distance(NOW - back, now=NOW) == words


@pytest.mark.parametrize(("back", "words"), [(timedelta(hours=3), "3 h ago"), (timedelta(days=14), "12 Nov")])
def test_only_a_distance_is_ago(back: timedelta, words: str) -> None:
    assert f">{words}</time>" in ago({"now": NOW}, NOW - back, "long")


@pytest.mark.parametrize(("seconds", "words"), [(59, "59 s"), (187_200, "2 d 4 h"), (1_500, "25 min"), (None, "–")])
def test_a_length_keeps_its_unit_apart(seconds: int | None, words: str) -> None:
    assert spell(seconds) == words


@pytest.mark.parametrize(("calendar", "words"), [(ALWAYS.name, "29 d 22 h"), ("Office", "718 h")])
def test_only_where_every_hour_counts_are_there_days(calendar: str, words: str) -> None:
    assert counted_words(timedelta(hours=718), calendar=calendar) == words


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("see https://a.example/b?c=PAY-1.", ">https://a.example/b?c=PAY-1</a>."),
        ("(https://a.example/b)", '(<a href="https://a.example/b"'),
        ("[here](https://a.example)", ">here</a>"),
        ("[PAY-2](https://a.example)", '<a href="https://a.example"'),
        ("`https://a.example PAY-1`", "<code>https://a.example PAY-1</code>"),
        ("fixed as PAY-1", '<a href="/i/PAY-1/"'),
        ("- [ ] one\n- [x] two", "<li>☐ one</li>\n<li>☑ two</li>"),
        ("javascript:alert(1)", "<p>javascript:alert(1)</p>"),
    ],
)
def test_addresses_keys_and_boxes_are_seen_in_a_text(text: str, html: str) -> None:
    assert html in to_html(text, issue_url="/i/{}/")
