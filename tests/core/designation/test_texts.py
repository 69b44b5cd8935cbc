"""Rules as text, and CODEOWNERS files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.core.designation import (
    DesignationRule,
    format_rule,
    moved_rule,
    read_codeowners,
    read_rules,
    with_rule,
    without_rule,
)

PATTERNS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs"), exclude_characters="\x85"), min_size=1
)


def only(text):
    read = read_rules(text)
    assert not read.problems
    (rule,) = read.rules
    return rule


def test_a_line_is_a_pattern_and_owners():
    assert only("path:billing/** Bob@Shop.example #payments") == DesignationRule(
        kind="path", pattern="billing/**", owners=("bob@shop.example", "#payments")
    )


def test_a_pattern_without_a_type_is_a_path_and_a_star_alone_is_every_issue():
    assert only("billing/* #payments").kind == "path"
    assert only("* #triage").kind == "always"


def test_everything_a_rule_has_can_be_said_in_its_line():
    line = (
        'tags.region:"eu west" #europe deputy=eve@shop.example choose=round-robin skill=python'
        ' hours="mon-fri 08:00-16:00 Europe/Berlin" # our people over there'
    )
    assert only(line) == DesignationRule(
        kind="tag",
        pattern="region=eu west",
        owners=("#europe",),
        deputies=("eve@shop.example",),
        choose="round_robin",
        skills=("python",),
        hours="mon-fri 08:00-16:00 Europe/Berlin",
    )


def test_remarks_and_empty_lines_are_no_rules_and_lines_keep_their_numbers():
    read = read_rules("# ours\n\nurl:*/pay* bob@shop.example\n")
    assert read.lines == (3,)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("path: bob@shop.example", "no pattern"),
        ("src/* bob", "neither an e-mail address nor a #team"),
        ("src/* #a choose=dice", "Choose by"),
        ("src/* #a hours=always", "Write them as"),
        ("src/* #a until=friday", "no “until=”"),
        ("src/* #a deputy=bob", "deputy"),
        ("modul:reports.* #a", "Did you mean module:? A path that begins so is “path:modul:…”"),
        ("tag.region:eu* #a", "Did you mean tags.NAME:?"),
        ("tags.:eu* #a", "Did you mean tags.NAME:?"),
    ],
)
def test_a_line_that_cannot_be_read_says_where_and_why(line, why):
    read = read_rules(f"* #triage\n{line}\n")
    assert len(read.rules) == 1
    assert [problem.line for problem in read.problems] == [2]
    assert why in read.problems[0].why


@given(
    kind=st.sampled_from(["path", "url", "module", "service", "type", "codeowners"]),
    pattern=PATTERNS,
    owners=st.lists(st.sampled_from(["bob@shop.example", "#payments", "#a"]), unique=True),
    choose=st.sampled_from(["first", "round_robin", "least_load", "skill", "on_duty"]),
    skills=st.lists(st.sampled_from(["python", "two words", 'a"b']), unique=True),
)
def test_what_is_written_reads_back_the_same(kind, pattern, owners, choose, skills):
    rule = DesignationRule(
        kind=kind, pattern=pattern, owners=tuple(owners), choose=choose, skills=tuple(skills), hours="8:00-9:00 UTC"
    )
    if (kind, pattern) == ("path", "*"):
        return
    assert only(format_rule(rule)) == rule


@given(st.text(max_size=200))
def test_no_text_is_too_odd_to_be_read(text):
    read_rules(text)
    read_codeowners(text)


CODEOWNERS = """\
# everything else
*            @octocat
*.js         js-owner@shop.example @org/frontend  # inline remark
/docs/       docs@shop.example
/docs/secret/
!negated     docs@shop.example
with\\ space docs@shop.example
/lost/       @nobody
"""


def test_the_last_match_of_a_codeowners_file_is_the_first_of_the_list():
    read = read_codeowners(CODEOWNERS, owners={"@octocat": "bob@shop.example", "@org/frontend": "#web"})

    assert [(rule.pattern, rule.owners) for rule in read.rules] == [
        ("/docs/secret/", ()),
        ("/docs/", ("docs@shop.example",)),
        ("*.js", ("js-owner@shop.example", "#web")),
        ("*", ("bob@shop.example",)),
    ]
    assert read.lines == (5, 4, 3, 2)
    assert read.unmapped == ("@nobody",)
    assert [problem.line for problem in read.problems] == [6, 7]


TEXT = "# ours\npath:a #a\n\n# theirs\npath:b #b\npath:c #c"


def test_a_rule_changes_places_with_its_neighbour_and_remarks_stay():
    assert moved_rule(TEXT, line=5, up=True) == "# ours\npath:b #b\n\n# theirs\npath:a #a\npath:c #c"
    assert moved_rule(TEXT, line=5, up=False) == "# ours\npath:a #a\n\n# theirs\npath:c #c\npath:b #b"
    assert moved_rule(TEXT, line=2, up=True) == moved_rule(TEXT, line=6, up=False) == TEXT
    assert moved_rule(TEXT, line=1, up=False) == TEXT, "a remark is no rule"


def test_a_rule_is_added_at_either_end_and_taken_away():
    rule = DesignationRule(kind="url", pattern="*/pay", owners=("#d",))
    assert with_rule("path:a #a", rule) == "path:a #a\nurl:*/pay #d"
    assert with_rule("path:a #a", rule, first=True) == "url:*/pay #d\npath:a #a"
    assert without_rule(TEXT, line=5) == "# ours\npath:a #a\n\n# theirs\npath:c #c"
    assert without_rule(TEXT, line=4) == TEXT


@pytest.mark.parametrize(
    "pattern", ["app:///src/*.js", "node:internal/*", r"C:\\app\\*", "webpack:///./src/*", "typing.py"]
)
def test_a_path_may_begin_as_clients_write_it(pattern):
    assert only(f"{pattern} #platform").kind == "path"


def test_a_section_of_gitlab_owns_its_lines_without_owners():
    text = "* bob@shop.example\n[Docs][2] @writers\ndocs/\nREADME.md eve@shop.example\n^[Free]\nfree/\n"
    read = read_codeowners(text, owners={"@writers": "#docs"})

    assert not read.problems
    assert [(rule.pattern, rule.owners) for rule in reversed(read.rules)][1:] == [
        ("docs/", ("#docs",)),
        ("README.md", ("eve@shop.example",)),
        ("free/", ()),
    ]
