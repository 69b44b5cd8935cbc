"""The audit log. Triggers refuse to change or delete what is written (see append_only)."""

from django.db import models


class Entry(models.Model):
    sequence = models.BigIntegerField(primary_key=True)
    # A plain number: the log outlives what it tells of, and this app knows no other.
    organization_id = models.BigIntegerField()
    actor_kind = models.CharField(max_length=10)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=254)
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=254)
    # Canonical JSON as text: what was hashed is what is kept, on every database.
    before = models.TextField()
    after = models.TextField()
    at = models.DateTimeField()
    ip = models.CharField(max_length=45)
    request_id = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        indexes = (
            models.Index(fields=("organization_id", "-sequence"), name="audit_entry_newest"),
            models.Index(fields=("organization_id", "target", "-sequence"), name="audit_entry_of_target"),
        )

    def __str__(self) -> str:
        return f"{self.sequence} {self.action} {self.target}"


class ChainHead(models.Model):
    """The newest entry, once more: cutting off the end of the log leaves this behind."""

    id = models.SmallIntegerField(primary_key=True)
    sequence = models.BigIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="audit_one_head"),)

    def __str__(self) -> str:
        return f"{self.sequence} {self.hash}"
