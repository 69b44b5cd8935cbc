"""The keys of searches that ask how issues went, answered from the rows that the numbers are counted from."""

from django.db.models import QuerySet

from errata.apps.issues.elsewhere import Source
from errata.apps.issues.elsewhere import answer as answer_key
from errata.apps.progress.models import Life, Stay
from errata.apps.workflows.queries import words_of
from errata.core.search.fields import LEFT, left


def answer() -> None:
    """Answer them from now on."""
    for key, column in (("taken_up", "taken_up_at"), ("ended", "ended_at"), ("returns", "returns")):
        answer_key(key, Source(_lives, column))
    answer_key(LEFT, Source(_stays, "left_at"))


def _lives(organization_id: int, _: str) -> QuerySet[Life]:
    return Life.objects.filter(organization_id=organization_id)


def _stays(organization_id: int, key: str) -> QuerySet[Stay]:
    stages = {stage.name for stage in words_of(organization_id).stages if left(stage.name) == key}
    return Stay.objects.filter(organization_id=organization_id, stage__in=stages, total_s__isnull=False)
