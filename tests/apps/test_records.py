"""The one door through which records are written."""

import threading
from contextlib import suppress

import pytest
from django.db import OperationalError, connection, transaction

from errata.apps import records
from errata.apps.accounts.models import Organization
from errata.apps.records import RecordsBusy, storable_json, together, write
from errata.core.errors import Refusal
from tests.conftest import NOW


def test_a_write_inside_a_write_is_refused(db):
    with write(), pytest.raises(RuntimeError, match="durable"), write():
        pass


def organization(slug):
    with write():
        Organization.objects.create(name=slug, slug=slug, created_at=NOW)


def test_operations_together_happen_all_or_none(db):
    with suppress(ZeroDivisionError), together():
        organization("one")
        raise ZeroDivisionError

    assert not Organization.objects.exists()


def test_an_operation_refused_within_others_takes_only_itself_back(db):
    with together():
        organization("one")
        with suppress(ZeroDivisionError), write():
            Organization.objects.create(name="two", slug="two", created_at=NOW)
            raise ZeroDivisionError

    assert [row.slug for row in Organization.objects.all()] == ["one"]


def test_what_fails_leaves_nothing_behind(db):
    with suppress(ZeroDivisionError), write():
        Organization.objects.create(name="Half", slug="half", created_at=NOW)
        raise ZeroDivisionError

    assert not Organization.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_writer_that_waits_too_long_is_told_so(monkeypatch):
    monkeypatch.setattr(records, "_WAIT_MS_MAX", 50)
    holding, release = threading.Event(), threading.Event()

    def hold():
        try:
            with write():
                holding.set()
                release.wait(20)
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    holding.wait(20)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 50")
    try:
        with pytest.raises(RecordsBusy) as refusal, write():
            pass
    finally:
        release.set()
        holder.join()
        connection.close()

    assert isinstance(refusal.value, Refusal)
    assert refusal.value.status == 503
    assert isinstance(refusal.value, OperationalError), "the digest waits for the records on OperationalError"


@pytest.mark.django_db(transaction=True)
def test_writers_take_turns(olga):
    """Each reads what the one before wrote: no two see the same number."""
    seen = []

    def bump():
        try:
            for _ in range(10):
                with write():
                    row = Organization.objects.get(id=olga.organization_id)
                    seen.append(row.name)
                    Organization.objects.filter(id=row.id).update(name=f"{len(seen)}")
        finally:
            connection.close()

    threads = [threading.Thread(target=bump) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 40
    assert len(set(seen)) == 40


def test_other_database_faults_stay_what_they_are(db):
    with pytest.raises(OperationalError) as fault, write(), transaction.atomic():
        raise OperationalError("no such table: x")

    assert not isinstance(fault.value, RecordsBusy)


def test_nul_is_taken_out_at_every_depth():
    assert storable_json({"a\0": ["b\0", {"c": "\0"}], "n": 1}) == {"a": ["b", {"c": ""}], "n": 1}
