"""Retest with proof: what is linked to an issue as its fix, and what was found out about it."""

from django.db import models


class FixLink(models.Model):
    """A commit, a release or a check that stands for an issue's fix. One of the three."""

    issue = models.ForeignKey("issues.Issue", on_delete=models.CASCADE, related_name="+")
    commit = models.ForeignKey("releases.Commit", on_delete=models.CASCADE, null=True, related_name="+")
    release = models.ForeignKey("releases.Release", on_delete=models.CASCADE, null=True, related_name="+")
    check_name = models.CharField(max_length=200)
    title = models.CharField(max_length=300)  # of the pull request, or the commit's first line
    url = models.CharField(max_length=500)
    by_name = models.CharField(max_length=254)
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("issue", "commit"), condition=models.Q(commit__isnull=False), name="fix_commit_once"
            ),
            models.UniqueConstraint(
                fields=("issue", "release"), condition=models.Q(release__isnull=False), name="fix_release_once"
            ),
            models.UniqueConstraint(
                fields=("issue", "check_name"), condition=~models.Q(check_name=""), name="fix_check_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.title} for {self.issue_id}"


class Judgement(models.Model):
    """The newest verdict on an issue's fix."""

    issue = models.OneToOneField("issues.Issue", on_delete=models.CASCADE, primary_key=True, related_name="+")
    outcome = models.CharField(max_length=4)
    body = models.JSONField()  # the verdict
    entered = models.DateTimeField()  # the retest it is about began then
    seq = models.BigIntegerField()  # of the issue, and
    ledger = models.BigIntegerField()  # of the releases, when it was judged
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.issue_id}: {self.outcome}"


class MentionPlace(models.Model):
    """How far the mentions of commits were followed."""

    id = models.SmallIntegerField(primary_key=True)
    mention_id = models.BigIntegerField()

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="retests_one_place"),)

    def __str__(self) -> str:
        return str(self.mention_id)
