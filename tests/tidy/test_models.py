"""What import-linter cannot see: relations between the tables of different apps."""

import pytest
from django.apps import apps
from django.db.models import ForeignKey, ManyToManyField, OneToOneField

# An app may refer to itself and to those before it.
ORDER = (
    "audit", "accounts", "projects", "releases", "calendars", "workflows", "templates", "issues", "notices", "retests",
    "designations", "clocks", "automations", "progress", "digests",
)  # fmt: skip
OURS = [model for model in apps.get_models() if model._meta.app_label in ORDER]


def relations():
    return [
        pytest.param(field, id=f"{model._meta.label}.{field.name}")
        for model in OURS
        for field in [*model._meta.fields, *model._meta.many_to_many]
        if isinstance(field, ForeignKey | OneToOneField | ManyToManyField)
        and field.related_model._meta.app_label in ORDER
    ]


@pytest.mark.parametrize("field", relations())
def test_a_relation_points_to_its_own_app_or_a_lower_one(field):
    here, there = field.model._meta.app_label, field.related_model._meta.app_label
    assert ORDER.index(there) <= ORDER.index(here)


@pytest.mark.parametrize("field", relations())
def test_a_lower_app_gains_no_attribute_from_a_higher_one(field):
    if field.model._meta.app_label != field.related_model._meta.app_label:
        assert field.remote_field.related_name == "+"
