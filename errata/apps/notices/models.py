"""Notices, the inbox they lie in, and the outbox they leave from."""

from django.db import models


class InboxItem(models.Model):
    """What one person has to hear of one issue: the notices of it, as one line of the inbox."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+", db_index=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.CASCADE, related_name="+")
    issue = models.ForeignKey("issues.Issue", on_delete=models.CASCADE, related_name="+")
    unread = models.IntegerField(default=0)
    newest_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    snoozed_until = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "issue"), name="inbox_item_once"),)
        indexes = (models.Index(fields=("user", "done_at", "-newest_at"), name="inbox_of_user"),)

    def __str__(self) -> str:
        return f"{self.issue_id} for {self.user_id}"


class Notice(models.Model):
    """One thing told to one person."""

    item = models.ForeignKey(InboxItem, on_delete=models.CASCADE, related_name="notices")
    dedupe = models.CharField(max_length=64)  # hashed
    kind = models.CharField(max_length=20)
    reason = models.CharField(max_length=200)  # "because you watch it"
    text = models.CharField(max_length=1000)
    actor_name = models.CharField(max_length=254)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("item", "dedupe"), name="notice_once"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.dedupe}"


class Watch(models.Model):
    """How a person wants to hear of an issue, when it is not as their reason for watching has it."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+", db_index=False)
    issue = models.ForeignKey("issues.Issue", on_delete=models.CASCADE, related_name="+")
    mode = models.CharField(max_length=10)
    before = models.CharField(max_length=10, default="")  # what was chosen before it was muted; "" for nothing
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "issue"), name="watch_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} {self.mode} {self.issue_id}"


class Subscription(models.Model):
    """A person hears of a whole project."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+", db_index=False)
    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="+")
    mode = models.CharField(max_length=10)  # "new", "every"
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "project"), name="subscription_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} {self.mode} {self.project_id}"


class Wishes(models.Model):
    """A person's preferences, as JSON."""

    user = models.OneToOneField("accounts.User", on_delete=models.CASCADE, primary_key=True, related_name="+")
    body = models.JSONField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"wishes of {self.user_id}"


class Channel(models.Model):
    """A way out: of the organisation, or a person's own."""

    organization = models.ForeignKey("accounts.Organization", on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey("accounts.User", on_delete=models.CASCADE, null=True, related_name="+")
    name = models.CharField(max_length=60)
    folded = models.CharField(max_length=60)
    kind = models.CharField(max_length=12)
    sealed = models.BinaryField()  # address and secret, encrypted
    hint = models.CharField(max_length=120)  # what may be shown of the address
    hourly_max = models.IntegerField()
    words = models.JSONField(default=dict)  # texts of its own, by what they are for
    enabled = models.BooleanField(default=True)
    failing_since = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "folded"), condition=models.Q(owner=None), name="channel_name_once"
            ),
            models.UniqueConstraint(
                fields=("owner", "folded"), condition=models.Q(owner__isnull=False), name="own_channel_name_once"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """A message of the outbox, and then of the log."""

    uid = models.UUIDField(unique=True)  # what a receiver knows it by, attempt after attempt
    organization = models.ForeignKey("accounts.Organization", on_delete=models.CASCADE, related_name="+")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, null=True, related_name="+")
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, null=True, related_name="+")
    issue = models.ForeignKey("issues.Issue", on_delete=models.CASCADE, null=True, related_name="+")
    dedupe = models.CharField(max_length=64, unique=True)  # of what it tells, whom, and through what; hashed
    kind = models.CharField(max_length=20)
    facts = models.JSONField()  # what the message is made of, as it was when it was written
    state = models.CharField(max_length=10, default="waiting")  # "sending", "sent", "failed", "dropped"
    together = models.BooleanField(default=False)
    why = models.CharField(max_length=80, default="")  # why it waits, or was dropped
    message = models.UUIDField(null=True, db_index=True)  # the message that carries it, once one does
    planned_at = models.DateTimeField()  # what throttles count by
    due_at = models.DateTimeField()  # of the next attempt; while one is under way, when it counts as lost
    attempts = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(
                fields=("due_at", "id"), condition=models.Q(state__in=("waiting", "sending")), name="delivery_open"
            ),
            models.Index(fields=("organization", "-id"), name="delivery_log"),
            models.Index(fields=("user", "channel", "-planned_at"), name="delivery_recent"),
        )

    def __str__(self) -> str:
        return str(self.uid)


class Attempt(models.Model):
    """One try at sending, and what was answered."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    ok = models.BooleanField()
    status = models.IntegerField(null=True)
    answer = models.CharField(max_length=500)

    def __str__(self) -> str:
        return f"{self.delivery_id} at {self.at}"


class MailReply(models.Model):
    """A mail that became a comment, so that its repeat does not."""

    digest = models.CharField(max_length=64, unique=True)  # of its Message-ID and its token
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+", db_index=False)
    issue = models.ForeignKey("issues.Issue", on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("user", "issue", "at"), name="mail_reply_recent"),)

    def __str__(self) -> str:
        return self.digest
