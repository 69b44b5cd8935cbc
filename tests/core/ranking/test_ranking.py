import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.core.ranking import (
    FUNCTIONS,
    MEASURES,
    Measures,
    RankingRefused,
    breakdown,
    describe,
    names_in,
    parse,
    score,
)
from errata.core.template import DEFAULT_RANKING, GALLERY

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
ISSUES = st.builds(
    Measures,
    **dict.fromkeys(MEASURES, NUMBERS),
    labels=st.frozensets(st.sampled_from(["vip", "later"])),
    fields=st.dictionaries(st.sampled_from(["seats", "vip"]), NUMBERS),
    type_name=st.sampled_from(["Security", "Error"]),
)
_LEAVES = st.one_of(
    st.sampled_from([*MEASURES]),
    st.floats(0, 1e9).map(lambda number: f"{number:g}"),
    st.sampled_from(['label("vip")', "label('later')", 'type("security")', 'field("seats")']),
)


def _wider(inner):
    operators = ["+", "-", "*", "/", "%", "**", "<", "<=", ">", ">=", "==", "!=", "and", "or"]
    return st.one_of(
        st.tuples(inner, st.sampled_from(operators), inner).map(lambda each: f"({each[0]} {each[1]} {each[2]})"),
        st.tuples(inner, st.sampled_from("+-"), inner).map(lambda each: f"{each[0]} {each[1]} {each[2]}"),
        inner.map(lambda each: f"-({each})"),
        inner.map(lambda each: f"not ({each})"),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(lambda each: f"{each[0]}({each[1]}, {each[2]})"),
        st.tuples(st.sampled_from(["abs", "sqrt", "log", "round"]), inner).map(lambda each: f"{each[0]}({each[1]})"),
        st.tuples(inner, inner, inner).map(lambda each: f"if({each[0]}, {each[1]}, {each[2]})"),
    )


EXPRESSIONS = st.recursive(_LEAVES, _wider, max_leaves=20)


def of(expression, **measures):
    return score(parse(expression), Measures(**measures))


def refused(text) -> RankingRefused:
    with pytest.raises(RankingRefused) as caught:
        parse(text)
    return caught.value


@given(EXPRESSIONS, ISSUES)
def test_every_expression_gives_every_issue_a_finite_score(expression, issue):
    assert math.isfinite(score(parse(expression), issue))


@given(st.lists(st.sampled_from([*MEASURES, "sqrt(users)", "log(rate) * 3", "-2"]), min_size=1, max_size=8), ISSUES)
def test_the_parts_of_a_breakdown_add_up_to_the_score(parts, issue):
    expression = " + ".join(parts)
    summands = breakdown(expression, issue)

    assert len(summands) == len(parts)
    whole = score(parse(expression), issue)
    if all(abs(summand.value) < 1e6 for summand in summands):
        assert sum(summand.value for summand in summands) == pytest.approx(whole, abs=0.01 * len(parts))


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_at_a_place_in_it(text):
    with suppress(RankingRefused):
        parse(text)
        return
    refusal = refused(text)
    assert 0 <= refusal.position <= len(text)
    assert refusal.position < refusal.end
    assert refusal.message.endswith((".", "?"))


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("2 ** 3 ** 2", 512), ("-2 ** 2", -4), ("2 ** -1", 0.5), ("7 - 2 - 1", 4),
        ("8 / 2 / 2", 2), ("7 % 4", 3), ("1 < 2", 1), ("1 == 2 or 3 > 2", 1), ("not 1 == 2 and 1", 1), ("- - 1", 1),
        ("if(0, 5, 6)", 6), ("max(1, 2, 3)", 3), ("log(9)", 1), ("sqrt(16)", 4), ("round(2.6)", 3), (".5 + 1e1", 10.5),
    ],
)  # fmt: skip
def test_arithmetic_is_that_of_school(expression, value):
    assert of(expression) == pytest.approx(value)


@pytest.mark.parametrize("expression", ["1 / 0", "5 % 0", "(-1) ** 0.5", "0 ** -1", "sqrt(-4)", "log(-4)"])
def test_what_has_no_value_counts_nothing(expression):
    assert of(expression) == 0


def test_what_overflows_stays_the_greatest():
    assert of("10 ** 300 ** 2") == of("1e12")
    assert of("-(9 ** 999)") == of("-1e12")


def test_labels_types_and_fields_are_asked_in_any_case():
    issue = {"labels": frozenset({"vip"}), "type_name": "Security", "fields": {"seats": 40.0}}

    assert of('label("VIP") * 10 + type("security") + field("seats")', **issue) == 51
    assert of('label("vip") + type("Error") + field("rooms")') == 0


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("", 0, "An expression is missing"),
        ("severity *", 10, "has to follow"),
        ("2 * severty", 4, "Did you mean severity?"),
        ("1 + average(2)", 4, "no function “average”"),
        ("min(1)", 0, "min(a, b …)"),
        ("1 < 2 < 3", 6, "two values"),
        ("3 + (1 + 2", 4, "isn’t closed"),
        ("1 + 2)", 5, "never opened"),
        ("1, 2", 1, "comma"),
        ("label(vip)", 6, "quotation marks"),
        ("severity priority", 9, "operator is missing"),
        ("severity = 1", 9, "== to compare"),
        ('1 + "x"', 4, "text stands in"),
        ("label('x", 6, "isn’t closed"),
        ("users ^ 2", 6, "** for a power"),
        ("min * 2", 0, "min is a function"),
        ("users?", 5, "if(condition"),
        ("__import__('os')", 0, "no function"),
        ("severity.real", 8, "no meaning"),
    ],
)
def test_a_refusal_says_where_and_what_to_write(text, position, says):
    refusal = refused(text)

    assert says in refusal.message
    assert refusal.position == position


@pytest.mark.parametrize("text", ["(" * 60 + "1" + ")" * 60, "+".join("1" * 900), "1" * 3_000, "not " * 300 + "1"])
def test_what_nobody_could_read_is_refused(text):
    assert refused(text)


def test_a_breakdown_tells_each_part_in_words():
    issue = Measures(severity=1, severity_name="Critical", users=240, age_days=1, labels=frozenset({"vip"}))

    parts = breakdown('severity * 30 - (users - 40) / 10 + label("vip") * 5 + age_days + 1', issue)

    assert [(part.text, part.value) for part in parts] == [
        ("severity * 30", 30), ("−(users - 40) / 10", -20), ('label("vip") * 5', 5), ("age_days", 1), ("1", 1),
    ]  # fmt: skip
    assert [part.words for part in parts] == [
        "Severity Critical is 1.", "240 people met it.", "Has the label vip.", "1 day old.",
        "The same for every issue.",
    ]  # fmt: skip


def test_brackets_around_a_sum_of_the_sum_are_opened():
    assert [part.value for part in breakdown("5 - (users - 2)", Measures(users=3))] == [5, -3, 2]


def test_an_expression_is_told_without_an_issue():
    assert describe("users * 2")[0] == ("users * 2", "How many people met it.")


def test_the_names_that_an_expression_needs_are_known_before_it_is_reckoned():
    assert names_in(parse("min(rate, trend) + if(users > 1, rate, 0)")) == ("rate", "trend", "users")


@pytest.mark.parametrize("expression", [DEFAULT_RANKING, *(ready.template.ranking for ready in GALLERY.values())])
def test_the_rankings_that_come_along_prefer_what_is_worse(expression):
    worse = {"severity": 1.0, "priority": 1.0, "users": 500.0, "rate": 9.0, "clock": 0.9, "regressed": 1.0}

    assert of(expression, **worse) > of(expression)


def test_every_word_has_an_explanation():
    assert all(measure.words and measure.phrase(Measures()) for measure in MEASURES.values())
    assert all(function.words and function.form for function in FUNCTIONS.values())
    assert set(MEASURES) <= set(Measures.__struct_fields__)
