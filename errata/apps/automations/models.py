"""Rules that teams write, and what each did."""

from django.db import models


class Automation(models.Model):
    organization = models.ForeignKey("accounts.Organization", on_delete=models.CASCADE, related_name="+")
    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, null=True, related_name="+")
    name = models.CharField(max_length=80)
    text = models.TextField()  # as errata/core/automation/text.py reads it
    mode = models.CharField(max_length=4)  # "on", "dry": told but not done, "off"
    # Only what happens from then on is meant: a rule that is switched on does not work through the past.
    since = models.DateTimeField()
    looked_at = models.DateTimeField(null=True)  # how far events were counted
    created_by = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    version = models.IntegerField(default=1)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("organization", "name"), name="automation_name_once"),)

    def __str__(self) -> str:
        return self.name


class Run(models.Model):
    """A rule fired. `cause` names what made it, so that it fires for that once."""

    automation = models.ForeignKey(Automation, on_delete=models.CASCADE, related_name="runs")
    issue = models.ForeignKey("issues.Issue", on_delete=models.CASCADE, related_name="+")
    cause = models.CharField(max_length=24)
    at = models.DateTimeField()  # of the cause
    outcome = models.CharField(max_length=8)  # "did", "dry", "limited", "failed"
    did = models.JSONField(default=list)  # for each action: its words, what came of it, the activities it made
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("automation", "issue", "cause"), name="run_once"),)
        indexes = (
            models.Index(fields=("automation", "-at"), name="run_of_automation"),
            models.Index(fields=("outcome", "at"), name="run_by_outcome"),  # for what is forgotten
        )

    def __str__(self) -> str:
        return f"{self.automation_id} for {self.cause}"
