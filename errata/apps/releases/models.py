"""Releases, deploys, commits and checks: what ran where, and since when."""

from django.db import models


class Repository(models.Model):
    """Where commits come from; with a secret, one that its forge may tell of them by webhook."""

    organization = models.ForeignKey("accounts.Organization", on_delete=models.CASCADE, related_name="+")
    project = models.ForeignKey("projects.Project", on_delete=models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=200)  # shop/payments
    forge = models.CharField(max_length=10)  # "github", "gitlab", "gitea", "" for one that nothing is sent from
    url = models.CharField(max_length=500)
    branch = models.CharField(max_length=200)  # the one whose commits count: main
    package = models.CharField(max_length=100)  # of its releases: shop, of shop@1.2.3
    hook = models.CharField(max_length=40, unique=True)  # names it in the webhook's address
    secret = models.CharField(max_length=100)  # what deliveries are signed with
    created_at = models.DateTimeField()
    heard_at = models.DateTimeField(null=True)  # of the last delivery

    class Meta:
        constraints = (models.UniqueConstraint(fields=("organization", "name"), name="repository_once"),)

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """A webhook's delivery that was taken: a second one with its id changes nothing."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="deliveries")
    delivery = models.CharField(max_length=100)
    event = models.CharField(max_length=60)
    outcome = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("repository", "delivery"), name="delivery_once"),)
        indexes = (models.Index(fields=("at",), name="delivery_at"),)

    def __str__(self) -> str:
        return self.delivery


class Commit(models.Model):
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="commits", db_index=False)
    sha = models.CharField(max_length=64)
    message = models.TextField()
    author_name = models.CharField(max_length=200)
    author_email = models.CharField(max_length=254)
    parents = models.JSONField(default=list)
    url = models.CharField(max_length=500)
    landed = models.BooleanField(default=False)  # it is on the branch that counts
    at = models.DateTimeField()
    reverted_by = models.CharField(max_length=64)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("repository", "sha"), name="commit_once"),)
        indexes = (models.Index(fields=("repository", "-at"), name="commit_newest"),)

    def __str__(self) -> str:
        return self.sha


class Mention(models.Model):
    """What a landed commit, a merged pull request or a person says it fixes, for who follows these in their order."""

    commit = models.ForeignKey(Commit, on_delete=models.CASCADE, related_name="mentions")
    issue_key = models.CharField(max_length=30)
    title = models.CharField(max_length=300)  # of the pull request, or the first line of the message
    url = models.CharField(max_length=500)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("commit", "issue_key"), name="mention_once"),)

    def __str__(self) -> str:
        return f"{self.commit_id} fixes {self.issue_key}"


class Release(models.Model):
    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    version = models.CharField(max_length=200)
    url = models.CharField(max_length=500)
    created_at = models.DateTimeField()  # when it was first heard of
    released_at = models.DateTimeField(null=True)
    first_event_at = models.DateTimeField(null=True)
    last_event_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("organization", "version"), name="release_once"),)
        indexes = (models.Index(fields=("organization", "-created_at", "-id"), name="release_newest"),)

    def __str__(self) -> str:
        return self.version


class ReleaseProject(models.Model):
    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="of_projects")
    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("release", "project"), name="release_project_once"),)

    def __str__(self) -> str:
        return f"{self.release_id} of {self.project_id}"


class ReleaseCommit(models.Model):
    """A commit that a release was built from, or is said to have: with all that leads to it."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="of_commits")
    commit = models.ForeignKey(Commit, on_delete=models.CASCADE, related_name="of_releases")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("release", "commit"), name="release_commit_once"),)

    def __str__(self) -> str:
        return f"{self.commit_id} in {self.release_id}"


class Sighting(models.Model):
    """Events of a release in an environment: it ran there then, whether or not a deploy was told."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="sightings")
    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="+")
    environment = models.CharField(max_length=64)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("release", "project", "environment"), name="release_sighting_once"),
        )

    def __str__(self) -> str:
        return f"{self.release_id} in {self.environment}"


class Deploy(models.Model):
    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="deploys", db_index=False)
    environment = models.CharField(max_length=64)
    url = models.CharField(max_length=500)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("release", "environment", "at"), name="deploy_once"),)
        indexes = (models.Index(fields=("-at",), name="deploy_newest"),)

    def __str__(self) -> str:
        return f"{self.release_id} to {self.environment}"


class Check(models.Model):
    """The newest result of a test or check on a commit or a release."""

    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    name = models.CharField(max_length=200)
    sha = models.CharField(max_length=64)  # either it looked at a commit,
    version = models.CharField(max_length=200)  # or at a release
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, null=True, related_name="+")
    state = models.CharField(max_length=10)
    url = models.CharField(max_length=500)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("organization", "name", "sha", "version"), name="check_once"),)
        indexes = (models.Index(fields=("organization", "sha"), name="check_of_sha"),)

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"


class Ledger(models.Model):
    """How far the events were looked through for releases, and how much has changed here."""

    id = models.SmallIntegerField(primary_key=True)
    looked_at = models.DateTimeField(null=True)
    seq = models.BigIntegerField(default=0)  # grows with every write of this app: who judges by it looks again

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="releases_one_ledger"),)

    def __str__(self) -> str:
        return str(self.seq)
