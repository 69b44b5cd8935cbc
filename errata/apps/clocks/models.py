"""Clocks of issues as they were last reckoned, what they are reckoned by, and what happened as they ran out."""

from django.db import models
from django.db.models import Q


class Clock(models.Model):
    """A clock of an issue: a projection of its history, written anew whenever that, a policy or a calendar changes."""

    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="+")
    issue = models.ForeignKey("issues.Issue", on_delete=models.CASCADE, related_name="+", db_index=False)
    assignee = models.ForeignKey(
        "accounts.User", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=10)
    type = models.CharField(max_length=40, default="")  # of the issue, as its severity
    severity = models.CharField(max_length=40, default="")
    state = models.CharField(max_length=10)
    is_live = models.BooleanField()
    is_first = models.BooleanField()  # of the issue's live clocks, the one that is due first
    target_s = models.BigIntegerField()
    elapsed_s = models.BigIntegerField()  # when it stopped, or was last reckoned
    started_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)  # when somebody has to look at it again
    passed = models.IntegerField(default=0)  # the percent up to which its escalation is dealt with

    class Meta:
        constraints = (models.UniqueConstraint(fields=("issue", "kind"), name="clock_once"),)
        # Each holds all that its question asks for, so that counting 100,000 clocks reads no row.
        indexes = (
            models.Index(
                fields=("organization", "is_live", "is_first", "due_at", "id", "project", "state", "assignee"),
                name="clock_first_due",
            ),
            models.Index(
                fields=("organization", "is_live", "kind", "due_at", "id", "project", "state", "assignee"),
                name="clock_kind_due",
            ),
            models.Index(fields=("next_at",), condition=Q(next_at__isnull=False), name="clock_next"),
            models.Index(
                fields=("organization", "kind", "stopped_at", "project", "issue"),
                condition=Q(stopped_at__isnull=False),
                name="clock_stopped",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} of {self.issue_id}"


class Tally(models.Model):
    """How many promises were kept and missed on a day, and how many are late: a month has hundreds of thousands."""

    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10)
    state = models.CharField(max_length=10)
    day = models.DateField()  # on which the clock stopped, in UTC; on which it began, if it still runs
    type = models.CharField(max_length=40)
    severity = models.CharField(max_length=40)
    count = models.IntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "kind", "state", "day", "project", "type", "severity"),
                name="clock_tally_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.count} {self.kind} {self.state} on {self.day}"


class Basis(models.Model):
    """By which policies and calendars the clocks of a project were reckoned; how far that has come."""

    project = models.OneToOneField("projects.Project", on_delete=models.CASCADE, primary_key=True, related_name="+")
    digest = models.CharField(max_length=32)
    after_id = models.BigIntegerField(null=True)  # the last issue reckoned anew; None: all of them are
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.project_id} by {self.digest}"


class Learnt(models.Model):
    """What the resolutions of a project's issues taught: how probably a clock runs out, and what could be promised."""

    project = models.OneToOneField("projects.Project", on_delete=models.CASCADE, primary_key=True, related_name="+")
    model = models.JSONField(null=True)  # core.sla.survival.Model; None: too few issues
    advice = models.JSONField(default=list)
    issues = models.IntegerField()  # resolved ones
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.project_id} from {self.issues}"


class Escalation(models.Model):
    """A step that was taken as a clock ran out. One a run, promise, percent and place in the policy."""

    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    issue = models.ForeignKey("issues.Issue", on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=10)
    started_at = models.DateTimeField()  # of the clock's run
    target_s = models.BigIntegerField()
    percent = models.IntegerField()
    position = models.IntegerField()
    link = models.IntegerField(default=0)  # of a chain
    action = models.CharField(max_length=20)
    told = models.JSONField(default=list)  # names of the people
    outcome = models.CharField(max_length=300)
    due_at = models.DateTimeField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("issue", "kind", "started_at", "target_s", "percent", "position", "link"),
                name="escalation_once",
            ),
        )
        indexes = (models.Index(fields=("organization", "-at"), name="escalation_lately"),)

    def __str__(self) -> str:
        return f"{self.percent} % of {self.kind} of {self.issue_id}"


class Chain(models.Model):
    """People who are told one after the other until one acknowledges."""

    issue = models.ForeignKey("issues.Issue", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10)
    started_at = models.DateTimeField()
    target_s = models.BigIntegerField()
    percent = models.IntegerField()
    position = models.IntegerField()
    to = models.JSONField()
    every_min = models.IntegerField()
    link = models.IntegerField()  # the next one to be told
    next_at = models.DateTimeField(null=True)  # None: it has ended
    ended = models.CharField(max_length=120, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("issue", "kind", "started_at", "target_s", "percent", "position"), name="chain_once"
            ),
        )
        indexes = (models.Index(fields=("next_at",), condition=Q(next_at__isnull=False), name="chain_next"),)

    def __str__(self) -> str:
        return f"chain of {self.issue_id} at {self.percent} %"
