"""Templates: a team's maximum time, collaboration platform, basis for ranking and designation of members."""

from django.db import models


class TemplateVersion(models.Model):
    """What an organisation, a team or a project wrote down at one time. Never changed: a change is a new version."""

    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    # Whose it is: "organization", "team:5", "project:7". A text, so that a team's versions outlive the team, as what
    # was in force for its projects then.
    place = models.CharField(max_length=30)
    place_name = models.CharField(max_length=80)  # its slug at the time
    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, null=True, related_name="+")
    number = models.IntegerField()
    fields = models.JSONField()  # the overrides; null is inherited
    words = models.JSONField()  # what it changed, as sentences
    note = models.CharField(max_length=300)  # why, as its author says
    by = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    by_name = models.CharField(max_length=254)
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("organization", "place", "number"), name="template_version_once"),
        )

    def __str__(self) -> str:
        return f"{self.place} v{self.number}"


class TemplatesVersion(models.Model):
    """Grows with every change of a template: what makes asking for every arriving issue cheap."""

    id = models.SmallIntegerField(primary_key=True)
    version = models.BigIntegerField()
    # Drawn anew with each change: a change that is taken back gives its number to another, and never its stamp.
    stamp = models.CharField(max_length=32)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="templates_one_version"),)

    def __str__(self) -> str:
        return str(self.version)
