"""In what order issues come: a team's scoring expression, read, reckoned and explained. Decides; touches nothing."""

from errata.core.ranking.breakdown import Summand, breakdown, describe
from errata.core.ranking.parse import EXPRESSION_CHARS_MAX, RankingRefused, names_in, parse
from errata.core.ranking.score import score
from errata.core.ranking.types import Measures, Node
from errata.core.ranking.words import FUNCTIONS, MEASURES

__all__ = [
    "EXPRESSION_CHARS_MAX",
    "FUNCTIONS",
    "MEASURES",
    "Measures",
    "Node",
    "RankingRefused",
    "Summand",
    "breakdown",
    "describe",
    "names_in",
    "parse",
    "score",
]
