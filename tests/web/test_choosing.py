"""The parts of a template that are chosen by a word."""

import pytest
from django.template import Context, Engine, TemplateSyntaxError

ENGINE = Engine(libraries={"choosing": "errata.web.templatetags.choosing"})


def shown(template: str, **context: object) -> str:
    return ENGINE.from_string("{% load choosing %}" + template).render(Context(context))


@pytest.mark.parametrize(
    ("word", "expected"), [("key", "K-1"), ("title", "<b>A &amp; B</b>"), ("other", ""), (None, "")]
)
def test_the_part_for_the_word_is_shown(word, expected):
    template = '{% choose word.id %} {% when "key" %}K-1{% when "title" %}<b>{{ title }}</b>{% endchoose %}'

    assert shown(template, word={"id": word}, title="A & B") == expected


def test_a_choice_stands_in_another():
    inner = '{% choose b %}{% when "y" %}xy{% endchoose %}'

    assert shown('{% choose a %}{% when "x" %}' + inner + "!{% endchoose %}", a="x", b="y") == "xy!"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ('{% choose %}{% when "a" %}{% endchoose %}', "takes what is to be chosen by"),
        ('{% choose a b %}{% when "a" %}{% endchoose %}', "takes what is to be chosen by"),
        ('{% choose a %}text{% when "a" %}{% endchoose %}', "Nothing can stand between"),
        ('{% choose a %}{{ text }}{% when "a" %}{% endchoose %}', "Nothing can stand between"),
        ("{% choose a %}{% when a %}{% endchoose %}", "one word in double quotes"),
        ("{% choose a %}{% when %}{% endchoose %}", "one word in double quotes"),
        ('{% choose a %}{% when "a" %}1{% when "a" %}2{% endchoose %}', "stands twice: a"),
        ('{% choose a %}{% when "a" %}', "Unclosed tag"),
    ],
)
def test_what_makes_no_sense_is_refused(template, message):
    with pytest.raises(TemplateSyntaxError, match=message):
        shown(template)
