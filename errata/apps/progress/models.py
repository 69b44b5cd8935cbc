"""What the progress of the work is told from: each stay of an issue in a stage, and each issue's way to its end.

A projection of the activities (errata/apps/progress/following.py): it can be forgotten and read anew.
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
    seconds = models.BigIntegerField(null=True)  # once it has left

    class Meta:
        indexes = (
            models.Index(fields=("organization", "left_at", "category", "stage"), name="stay_org_left"),
            models.Index(fields=("organization", "entered_at", "category"), name="stay_org_entered"),
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
            models.Index(fields=("organization", "opened_at"), name="life_org_opened"),
            models.Index(fields=("organization", "ended_at"), name="life_org_ended"),
            models.Index(fields=("organization", "taken_up_at"), name="life_org_taken_up"),
        )

    def __str__(self) -> str:
        return f"life of {self.issue_id}"
