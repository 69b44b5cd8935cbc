"""The digest's own rows. They change in the same transaction as the counters they stand for."""

from django.db import models


class Position(models.Model):
    """How far one journal is digested, and the range that is being worked on now."""

    journal = models.CharField(max_length=200, primary_key=True)
    position = models.BigIntegerField()
    pending_through = models.BigIntegerField(null=True)
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.journal}: {self.position}"


class SeenEvent(models.Model):
    """A client's event id, as a hash: what makes its repeat recognisable."""

    id = models.BigIntegerField(primary_key=True)
    # Days since 1970: what retention prunes by. No index, which would double what an event costs here: pruning walks
    # the keys in slices instead.
    day = models.SmallIntegerField()

    def __str__(self) -> str:
        return str(self.id)


class Quarantined(models.Model):
    """A journal record that could not be digested, whole, with the reason: nothing acknowledged is thrown away."""

    journal = models.CharField(max_length=200)
    position = models.BigIntegerField()
    record = models.BinaryField()
    reason = models.CharField(max_length=1000)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("journal", "position"), name="quarantined_record_once"),)

    def __str__(self) -> str:
        return f"{self.journal} at {self.position}: {self.reason}"
