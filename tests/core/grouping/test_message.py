import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.core.grouping import parameterise
from errata.core.grouping.message import head_of


@pytest.mark.parametrize(
    ("text", "template"),
    [
        ("nothing changes here", "nothing changes here"),
        ("took 17 tries", "took <int> tries"),
        ("balance -3.50 EUR", "balance <float> EUR"),
        ("1,234,567 rows", "<int> rows"),
        ("took 3.2 s", "took <float> s"),
        ("took 312ms and 2 minutes", "took <duration> and <duration>"),
        ("read 4.2 MB of 512 bytes", "read <size> of <size>"),
        ("order 6ba7b810-9dad-11d1-80b4-00c04fd430c8 lost", "order <uuid> lost"),
        ("commit 3f2a1bc missing", "commit <hash> missing"),
        ("at 0x7ffe12ab34cd", "at <hex>"),
        ("from 10.0.0.1:8080", "from <ip>"),
        ("from 2001:db8::ff00:42:8329", "from <ip>"),
        ("mail to ada@example.com failed", "mail to <email> failed"),
        ("GET https://shop.example/a?b=1.", "GET <url>."),
        ("cannot open /var/lib/shop/cart.db", "cannot open <path>"),
        ("cannot open C:\\Users\\ada\\cart.db", "cannot open <path>"),
        ("resolve db-1.shop.internal", "resolve <host>"),
        ("resolve ip-10-0-0-1.rack.example", "resolve <host>"),
        ("since 2026-11-23T22:30:00.123Z", "since <date>"),
        ("since Mon Nov  3 22:30:00 2026", "since <date>"),
        ("needs 1.24.3 or newer", "needs <version> or newer"),
        ("token eyJhbGciOiJIUzI1NiJ9 expired", "token <id> expired"),
        ("blk_-1608999687919862906 gone", "blk_<id> gone"),
        ("attempt_1445144_0020_m_000000_0 failed", "attempt_<id> failed"),
        ("user12345 left", "user<id> left"),
        ("user=alice role=admin", "user=<value> role=admin"),
        ('plan="gold"', "plan=<value>"),
        ("Access denied for user 'root'@'localhost'", "Access denied for user <value>@'localhost'"),
        ("ids 1, 2, 3", "ids <int>"),
        ("module com.shop.cart", "module com.shop.cart"),
        ("std::vector<int>", "std::vector<int>"),
        ("half/whole", "half/whole"),
    ],
)
def test_what_changes_is_replaced_by_its_kind(text, template):
    assert parameterise(text).template == template


@pytest.mark.parametrize(
    "text", ["HTTP 404", "HTTP/1.1 503", "[Errno 13] denied", "status code 500", "exit code 137", "error E1001", "utf8"]
)
def test_codes_stay_because_they_say_which_error_it_is(text):
    assert parameterise(text).spans == ()


def test_one_part_may_be_of_several_kinds_and_still_groups():
    keys = {
        parameterise(f"mask {mask} from {origin}").key for mask, origin in [("17", "10.0.0.1"), ("7f3a9c1", "a.lan")]
    }

    assert keys == {"mask <*> from <*>"}


def test_only_the_first_two_lines_that_hold_anything_count():
    assert head_of("\n boom \n\n  why \n dump of 10 kB") == "boom\nwhy"


@settings(max_examples=40)
@given(text=st.text(st.sampled_from("a1F.-_:/@=\"' ,x\\\n0e") | st.characters(), max_size=40))
def test_the_spans_are_in_order_and_rebuild_the_template(text):
    found = parameterise(text)

    rebuilt, end = "", 0
    for span in found.spans:
        assert end <= span.start < span.end
        rebuilt += found.text[end : span.start] + f"<{span.kind}>"
        end = span.end
    assert rebuilt + found.text[end:] == found.template


@pytest.mark.parametrize(
    "hostile", ["a" * 9_000, "1-" * 5_000, "a." * 5_000, "/a" * 5_000, "0:" * 5_000, "=" * 9_000, "_1" * 5_000]
)
def test_hostile_messages_end(hostile):
    assert len(parameterise(hostile).text) <= 1_024
