"""What the progress of the work is told from: each stay of an issue in a stage, each issue's way to its end, and how
many there are of each a day.

A projection of the activities (errata/apps/progress/following.py): it can be forgotten and read anew. What an issue was
is not kept: its type and severity are those of now, so that a number and its list agree.
"""

from django.db import models


class Stay(models.Model):
    """An issue in a stage, from then to then."""

    issue = models.ForeignKey("issues.Issue", on_delete=models.CASCADE, related_name="+")
    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="+", db_index=False)
    stage = models.CharField(max_length=40)
    category = models.CharField(max_length=10)
    type = models.CharField(max_length=40)
    severity = models.CharField(max_length=40)
    entered_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    # Once it has left, all that the issue has spent in the stage so far. None for the stays there before the last one.
    total_s = models.BigIntegerField(null=True)

    class Meta:
        indexes = (
            # A duration by its place among those of its bucket, without reading a row.
            models.Index(
                fields=("organization", "stage", "total_s", "left_at", "project", "type", "severity"),
                condition=models.Q(total_s__isnull=False),
                name="stay_total",
            ),
        )
        constraints = (
            # An issue stands in one stage at a time.
            models.UniqueConstraint(fields=("issue",), condition=models.Q(left_at=None), name="stay_open_once"),
        )

    def __str__(self) -> str:
        return f"{self.issue_id} in {self.stage}"


class Life(models.Model):
    """An issue from its beginning to its end, as often as it ended: the last end counts."""

    issue = models.OneToOneField("issues.Issue", on_delete=models.CASCADE, primary_key=True, related_name="+")
    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=40)
    severity = models.CharField(max_length=40)
    opened_at = models.DateTimeField()
    taken_up_at = models.DateTimeField(null=True)  # first assigned, or first out of a new stage
    taken_up_s = models.BigIntegerField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_s = models.BigIntegerField(null=True)
    returns = models.IntegerField(default=0)  # how often it came back after an end

    class Meta:
        indexes = (
            models.Index(
                fields=("organization", "opened_at", "project", "type", "severity", "ended_at"),
                condition=models.Q(ended_at=None),
                name="life_open",
            ),
            models.Index(
                fields=("organization", "ended_s", "ended_at", "project", "type", "severity"),
                condition=models.Q(ended_s__isnull=False),
                name="life_ended",
            ),
            models.Index(
                fields=("organization", "taken_up_s", "taken_up_at", "project", "type", "severity"),
                condition=models.Q(taken_up_s__isnull=False),
                name="life_taken_up",
            ),
            models.Index(fields=("organization", "ended_at"), name="life_org_ended"),
            models.Index(fields=("organization", "taken_up_at"), name="life_org_taken_up"),
        )

    def __str__(self) -> str:
        return f"life of {self.issue_id}"


class Standing(models.Model):
    """How many issues stand in a stage now."""

    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="+")
    stage = models.CharField(max_length=40)
    category = models.CharField(max_length=10)  # that the stage had when the issue came
    type = models.CharField(max_length=40)
    severity = models.CharField(max_length=40)
    count = models.IntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "stage", "category", "project", "type", "severity"), name="standing_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.count} in {self.stage}"


class Tally(models.Model):
    """How many stays or lives of a kind a day has, for a month of a busy team has hundreds of thousands of them."""

    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()  # in UTC
    what = models.CharField(max_length=10)  # see ways.cells
    name = models.CharField(max_length=40)
    type = models.CharField(max_length=40)
    severity = models.CharField(max_length=40)
    bucket = models.IntegerField()  # of the duration, as errata.core.progress has it
    count = models.IntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("project", "what", "day", "name", "bucket", "type", "severity", "organization"),
                name="tally_of_project_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.count} {self.what} {self.name} on {self.day}"


class Total(models.Model):
    """The tallies of an organization's projects together: where issues are spread over sixty, a tenth as many rows."""

    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    day = models.DateField()
    what = models.CharField(max_length=10)
    name = models.CharField(max_length=40)
    type = models.CharField(max_length=40)
    severity = models.CharField(max_length=40)
    bucket = models.IntegerField()
    count = models.IntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "what", "day", "name", "bucket", "type", "severity"), name="total_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.count} {self.what} {self.name} on {self.day}, of all projects"
