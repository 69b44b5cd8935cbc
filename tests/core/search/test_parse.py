import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.core import limits
from errata.core.search import (
    DEFAULT_CATALOG,
    And,
    Has,
    Not,
    Or,
    Query,
    SearchError,
    Term,
    Text,
    format_query,
    parse,
)


def where(text):
    """The condition, without the places, which are another test's matter."""
    return placeless(parse(text).where)


def placeless(node):
    match node:
        case And(nodes) | Or(nodes):
            return type(node)(tuple(placeless(part) for part in nodes))
        case Not(inner):
            return Not(placeless(inner))
        case None:
            return None
    return msgspec.structs.replace(node, position=0)


def term(key, *values, operator="="):
    return Term(key, values, operator)


def understood(text) -> Query | SearchError:
    try:
        return parse(text)
    except SearchError as refusal:
        return refusal


def error(text) -> SearchError:
    with pytest.raises(SearchError) as caught:
        parse(text)
    return caught.value


def test_nothing_typed_asks_for_everything_newest_first():
    assert parse("") == parse("  ") == Query(None, "last_seen", descending=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("timeout", Text("timeout")),
        ('"connection reset"', Text("connection reset")),
        ("level:error", term("level", "error")),
        ("LEVEL:Error", term("level", "error")),
        ("is:unresolved", term("is", "open")),
        ("is:resolved", term("is", "closed")),
        ("env:production", term("environment", "production")),
        ("type:ui/ux", term("type", "UI/UX")),
        ("level:[error, fatal]", term("level", "error", "fatal")),
        ("count:>100", term("count", "100", operator=">")),
        ("users:>=5", term("users", "5", operator=">=")),
        ("last_seen:<2026-11-01", term("last_seen", "2026-11-01", operator="<")),
        ("first_seen:-24h", term("first_seen", "-24h")),
        ("firstSeen:-24h", term("first_seen", "-24h")),
        ("age:>7d", term("age", "7d", operator=">")),
        ("priority:>=medium", term("priority", "Medium", "High")),
        ("level:<warning", term("level", "debug", "info")),
        ("!level:error", Not(term("level", "error"))),
        ("level:!=error", Not(term("level", "error"))),
        ("NOT level:error", Not(term("level", "error"))),
        ("!!level:error", term("level", "error")),
        ("has:release", Has("release")),
        ("!has:release", Not(Has("release"))),
        ('release:""', Not(Has("release"))),
        ("customer:acme", term("tags.customer", "acme")),
        ("tags[level]:high", term("tags.level", "high")),
        ("tags.level:high", term("tags.level", "high")),
        ('"my tag":x', term("tags.my tag", "x")),
        ('user.email:"a b@c.d"', term("user.email", "a b@c.d")),
        ('message:"say \\"hi\\""', term("message", 'say "hi"')),
        ("message:foo*bar", term("message", "foo*bar")),
        ("transaction:<module>", term("transaction", "<module>")),
        ("transaction:main()", term("transaction", "main()")),
        ("a b", And((Text("a"), Text("b")))),
        ("a and b", And((Text("a"), Text("b")))),
        ("a OR b", Or((Text("a"), Text("b")))),
        ("a b or c", Or((And((Text("a"), Text("b"))), Text("c")))),
        ("a (b or c)", And((Text("a"), Or((Text("b"), Text("c")))))),
        ("a (b c)", And((Text("a"), Text("b"), Text("c")))),
        ("!(a b)", Not(And((Text("a"), Text("b"))))),
        ("(main())", Text("main()")),
        ("*timeout*", Text("timeout")),
        ("-24h", term("last_seen", "-24h")),
        ("level:error +7D", And((term("level", "error"), term("last_seen", "+7D")))),
        ("!-1h", Not(term("last_seen", "-1h"))),
        ('"-24h"', Text("-24h")),
        ("-24hours", Text("-24hours")),
        ("release:*", Has("release")),
        ("release:!=*", Not(Has("release"))),
        ("assignee:*", Has("assignee")),
        ('message:"*"', term("message", "*")),
        ("os.name:Linux", term("tags.os.name", "Linux")),
        ("has:runtime.name", Has("tags.runtime.name")),
    ],
)
def test_what_is_typed_means(text, expected):
    assert where(text) == expected


@pytest.mark.parametrize("pasted", ["TypeError: x is undefined", "std::vector", "https://shop.example/a?b=c", "12:30"])
def test_pasted_text_is_searched_for_as_it_is(pasted):
    assert where(pasted) == placeless(parse(" ".join(f'"{word}"' for word in pasted.split())).where)


def test_not_found_is_text_because_only_capitals_negate():
    assert where("not found") == And((Text("not"), Text("found")))


@pytest.mark.parametrize(
    ("text", "sort", "descending"),
    [("sort:count", "count", True), ("sort:-users a", "users", True), ("a or b sort:+created", "created", False)],
)
def test_the_order_may_stand_anywhere(text, sort, descending):
    query = parse(text)
    assert (query.sort, query.descending) == (sort, descending)


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("asignee:me", 0, "Did you mean assignee"),
        ("x level:eror", 2, "Did you mean error"),
        ("level:", 6, "needs a value"),
        ("level: error", 6, "needs a value"),
        ("count:many", 0, "a number"),
        ("last_seen:soon", 0, "a date"),
        ("age:7d", 0, "an age"),
        ("severity:>critical", 0, "Nothing is above Critical"),
        ("release:>1.0", 0, "has no order"),
        ("count:>[1, 2]", 0, "not with a list"),
        ('a "b', 2, "quotation mark isn't closed"),
        ("(a or b", 0, "parenthesis isn't closed"),
        ("a)", 1, "never opened"),
        ("()", 1, "Something is missing"),
        ("a or", 4, "has to follow"),
        ("(a or", 5, "has to follow"),
        ("or a", 0, "needs something to search for before it"),
        ("a AND AND b", 6, "before it"),
        ("count:>", 7, "A value has to follow"),
        ("level:[error", 12, "list isn't closed"),
        ("level:[error, ,info]", 14, "missing in this list"),
        ('""', 0, "nothing between"),
        ("!sort:count", 1, "not a condition"),
        ("a or sort:count", 5, "not a condition"),
        ("sort:count sort:users", 11, "one order"),
        ("sort:colour", 0, "can't be sorted by"),
        ("message:" + "*a" * 9, 0, "8 wildcards"),
        ("a tags[plan:gold", 2, "write tags[name]:value"),
        ("a -999999999d", 2, "needs a date"),
        ("a" * (limits.SEARCH_CHARS_MAX + 1), limits.SEARCH_CHARS_MAX, "2,000 characters"),
        ("(" * 30 + "a" + ")" * 30, limits.SEARCH_DEPTH_MAX, "deep"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_place(text, position, says):
    refusal = error(text)

    assert says in refusal.message
    assert refusal.position == refusal.data["position"] == position


def test_a_slip_in_a_key_is_answered_with_the_key():
    assert error("asignee:me").suggestion == "assignee"
    assert error("is:opne").suggestion == "open"


def test_each_node_knows_where_it_began():
    query = parse("is:open (level:error or !has:user) boom")

    first, either, text = query.where.nodes
    assert (first.position, either.nodes[0].position, either.nodes[1].node.position, text.position) == (0, 9, 25, 35)


def test_an_installation_may_have_stages_of_its_own():
    catalog = DEFAULT_CATALOG.with_values(stage=("To do", "Done"))

    assert parse('stage:"to do"', catalog=catalog).where.values == ("To do",)
    with pytest.raises(SearchError):
        parse("stage:New", catalog=catalog)


# --- any text, any query

SCRAPS = """is:open level:[error,fatal] ! ( ) or AND NOT " "a" count:>5 sort:count [ ] x: has:y foo:bar* a\\*b , > <= :
tags[a]:b \\ é \x00 key:() != k:"\\"" """
pieces = st.sampled_from([*SCRAPS.split(), '"a b"', "level:[error, fatal]", " "])
texts = st.lists(pieces | st.text(max_size=6), max_size=8).map(" ".join) | st.lists(pieces, max_size=8).map("".join)


@settings(max_examples=50)
@given(text=texts)
def test_any_text_is_understood_or_refused_with_a_place_in_it(text):
    query = understood(text)
    if isinstance(query, SearchError):
        assert 0 <= query.position <= len(text)
        return
    again = parse(format_query(query))
    assert placeless(again.where) == placeless(query.where)
    assert (again.sort, again.descending) == (query.sort, query.descending)


@pytest.mark.parametrize("value", [":", "//cdn", ">5", "!=", "[a]", "(", 'say "hi"', "", "a b", "and", "*", "a,b", "="])
def test_a_value_is_quoted_where_bare_it_would_mean_something_else(value):
    query = Query(term("message", value)) if value else Query(Not(Has("message")))

    assert placeless(parse(format_query(query)).where) == query.where


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(str.strip)
leaves = st.one_of(
    words.map(Text),
    st.sampled_from(["release", "user.email", "tags.plan", "tags.my tag", "tags.level"]).map(Has),
    st.builds(
        term,
        st.sampled_from(["message", "tags.plan", "tags.asignee", "key"]),
        words.map(lambda w: w.replace("\\", "/")),
    ),
    st.builds(
        lambda n, op: term("count", str(n), operator=op), st.integers(0, 10**6), st.sampled_from(["=", ">", "<="])
    ),
    st.sampled_from([term("level", "error", "fatal"), term("is", "open"), term("last_seen", "-24h")]),
)


@settings(max_examples=50)
@given(parts=st.lists(leaves, min_size=1, max_size=4), negated=st.booleans(), either=st.booleans())
def test_a_query_written_out_reads_as_itself(parts, negated, either):
    inner = (Or if either else And)(tuple(parts)) if len(parts) > 1 else parts[0]
    query = Query(Not(inner) if negated else inner, "count", descending=False)

    again = parse(format_query(query))

    assert (placeless(again.where), again.sort, again.descending) == (query.where, "count", False)
