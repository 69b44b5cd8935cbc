"""What a project says of its owners, what people can and when they are away, and what was decided."""

from django.db import models


class Ownership(models.Model):
    """A project's own rules, beside its template's."""

    project = models.OneToOneField("projects.Project", on_delete=models.CASCADE, primary_key=True, related_name="+")
    enabled = models.BooleanField(default=True)  # False: nobody is designated, by the template neither
    rules = models.TextField(default="")
    codeowners = models.TextField(default="")
    owners = models.JSONField(default=dict)  # whom a name of CODEOWNERS means: "@octocat" → an address, a #team
    mappings = models.JSONField(default=list)  # [stack root, source root]
    team_takes_rest = models.BooleanField(default=True)  # what no rule is about goes to the team that owns the project
    version = models.IntegerField()  # grows with every change: optimistic concurrency
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"of {self.project_id}"


class Skill(models.Model):
    organization = models.ForeignKey("accounts.Organization", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=40)  # case-folded

    class Meta:
        constraints = (models.UniqueConstraint(fields=("organization", "user", "name"), name="skill_once"),)

    def __str__(self) -> str:
        return f"{self.user_id}: {self.name}"


class Absence(models.Model):
    organization = models.ForeignKey("accounts.Organization", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField()
    stand_in = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    note = models.CharField(max_length=200)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(until__gt=models.F("since")), name="absence_has_a_length"),
        )
        indexes = (models.Index(fields=("organization", "until"), name="absence_of_organization"),)

    def __str__(self) -> str:
        return f"{self.user_id} until {self.until}"


class Turn(models.Model):
    """When a rule last gave an issue to somebody: what round robin goes by."""

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="+", db_index=False)
    rule = models.CharField(max_length=16)  # core.designation.key_of
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    number = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("project", "rule", "user"), name="turn_once"),)

    def __str__(self) -> str:
        return f"{self.rule}: {self.user_id} at {self.number}"


class Decision(models.Model):
    """What was last decided for an issue, with the whole of why."""

    issue = models.OneToOneField("issues.Issue", on_delete=models.CASCADE, primary_key=True, related_name="+")
    outcome = models.TextField()  # core.designation.Outcome as JSON
    complete = models.BooleanField()  # False: without the event, because the event store was away
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("issue",), condition=models.Q(complete=False), name="decision_incomplete"),)

    def __str__(self) -> str:
        return f"of {self.issue_id}"
