from errata.core import vocabulary as words
from errata.core.search import DEFAULT_CATALOG
from errata.core.workflow import DEFAULT


def test_every_level_has_a_severity_and_a_priority():
    assert set(words.SEVERITY_OF_LEVEL) == set(words.PRIORITY_OF_LEVEL) == set(words.LEVELS)
    assert set(words.SEVERITY_OF_LEVEL.values()) <= set(words.SEVERITIES)
    assert set(words.PRIORITY_OF_LEVEL.values()) <= set(words.PRIORITIES)


def test_a_worse_level_is_never_less_severe():
    ranks = [words.SEVERITIES.index(words.SEVERITY_OF_LEVEL[level]) for level in words.LEVELS]
    assert ranks == sorted(ranks)


def test_every_category_is_either_open_or_closed():
    assert {*words.OPEN_CATEGORIES, *words.CLOSED_CATEGORIES} == set(words.CATEGORIES)


def test_the_search_knows_the_stages_of_the_default_workflow():
    assert DEFAULT_CATALOG.fields["stage"].values == tuple(stage.name for stage in DEFAULT.stages)
