"""Projects, their keys, and what intake counted."""

from django.db import models


class Project(models.Model):
    # A plain, small number: it is the last part of a DSN, and events carry it.
    id = models.AutoField(primary_key=True)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey("accounts.Team", on_delete=models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=80)
    slug = models.CharField(max_length=60)
    key = models.CharField(max_length=10)  # PAY, of PAY-142
    platform = models.CharField(max_length=40)
    active = models.BooleanField(default=True)  # False: intake refuses what its keys send
    archived_at = models.DateTimeField(null=True)
    restored_at = models.DateTimeField(null=True)  # the last time; before, events were refused
    deleted_at = models.DateTimeField(null=True)  # gone for everybody; its rows are removed in slices
    quota_per_minute = models.IntegerField(default=0)
    allowed_origins = models.JSONField(default=list)
    scrub = models.JSONField(default=dict)
    dictionary = models.IntegerField(default=0)
    issue_counter = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    first_event_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "slug"), condition=models.Q(deleted_at=None), name="project_slug_once"
            ),
            models.UniqueConstraint(
                fields=("organization", "key"), condition=models.Q(deleted_at=None), name="project_key_once"
            ),
        )

    def __str__(self) -> str:
        return self.slug


class ProjectKey(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="keys")
    name = models.CharField(max_length=80)
    public_key = models.CharField(max_length=32, unique=True)
    active = models.BooleanField(default=True)
    quota_per_minute = models.IntegerField(default=0)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.public_key


class Dictionary(models.Model):
    """A zstd dictionary. Bodies are compressed with it for ever, so it outlives its project."""

    number = models.AutoField(primary_key=True)
    project_id = models.IntegerField()
    body = models.BinaryField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.number} of {self.project_id}"


class IntakeCount(models.Model):
    """How many items met which fate, by the hour."""

    # Plain numbers: what a deleted key sent stays counted, and 0 stands for a key nobody knows.
    project_id = models.IntegerField()
    key_id = models.BigIntegerField()
    hour = models.DateTimeField()
    outcome = models.CharField(max_length=20)
    category = models.CharField(max_length=30)
    reason = models.CharField(max_length=60)
    quantity = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("project_id", "hour", "key_id", "outcome", "category", "reason"), name="intake_count_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.project_id} {self.hour} {self.outcome} {self.category}: {self.quantity}"


class SnapshotVersion(models.Model):
    """Grows with every change that intake has to know of: what makes looking once a second cheap."""

    id = models.SmallIntegerField(primary_key=True)
    version = models.BigIntegerField()

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="snapshot_one_version"),)

    def __str__(self) -> str:
        return str(self.version)
