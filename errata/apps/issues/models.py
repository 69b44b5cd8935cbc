"""Issues, what groups into them, and what people do about them."""

from django.db import models


class Issue(models.Model):
    # Foreign keys whose own index another one begins with, or that nobody looks up by, go without.
    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.IntegerField()  # of the project: PAY-142
    title = models.CharField(max_length=256)
    culprit = models.CharField(max_length=200)
    description = models.TextField()  # Markdown
    type = models.CharField(max_length=40)
    priority = models.CharField(max_length=40)
    severity = models.CharField(max_length=40)
    # The places of priority and severity in their vocabularies: what sorting and comparing use.
    priority_rank = models.SmallIntegerField()
    severity_rank = models.SmallIntegerField()
    stage = models.CharField(max_length=40)
    category = models.CharField(max_length=10)
    is_open = models.BooleanField()  # says the same as category, and can lead an index whose rest is the order
    stage_changed_at = models.DateTimeField()
    reason = models.CharField(max_length=40)  # why it was closed, when it was not for being fixed
    assignee = models.ForeignKey(
        "accounts.User", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    deputy = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    level = models.CharField(max_length=10)
    platform = models.CharField(max_length=40)
    source = models.CharField(max_length=20)  # "event", "manual"
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    count = models.BigIntegerField()
    users = models.BigIntegerField()
    group_count = models.IntegerField()
    unhandled = models.BooleanField()
    regressed = models.BooleanField()
    regressed_at = models.DateTimeField(null=True)
    first_release = models.CharField(max_length=200)
    last_release = models.CharField(max_length=200)
    comment_count = models.IntegerField()
    created_by = models.ForeignKey(
        "accounts.User", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    parent = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="children", db_index=False)
    values = models.JSONField(default=dict)  # of custom fields, by their slug
    waiting_on = models.CharField(max_length=80, default="")  # somebody outside of the team; "" is nobody
    # What apps above know of the issue, kept here so that lists sort and show it: see operations.note_*.
    score = models.FloatField(default=0)  # of the template's basis for ranking
    clock_state = models.CharField(max_length=10, default="")  # a ClockState
    clock_from = models.DateTimeField(null=True)  # of the clock that is due first
    due_at = models.DateTimeField(null=True)
    merged_into = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="merged", db_index=False)
    version = models.IntegerField()  # grows with what people change: optimistic concurrency
    seq = models.BigIntegerField()  # grows with every change: live updates

    class Meta:
        constraints = (models.UniqueConstraint(fields=("project", "number"), name="issue_number_once"),)
        # Lists are read far more often than an issue changes, but events move last_seen all the time: only the orders
        # that screens open with have an index. The others sort the ids of what the filters leave.
        indexes = (
            models.Index(fields=("organization", "is_open", "-last_seen", "-id"), name="issue_org_open_seen"),
            models.Index(fields=("organization", "-last_seen", "-id"), name="issue_org_seen"),
            models.Index(fields=("project", "is_open", "-last_seen", "-id"), name="issue_project_open_seen"),
            models.Index(
                fields=("assignee", "is_open", "-last_seen", "-id"),
                condition=models.Q(assignee__isnull=False),
                name="issue_assignee_open_seen",
            ),
            models.Index(
                fields=("merged_into",), condition=models.Q(merged_into__isnull=False), name="issue_merged_into"
            ),
            models.Index(fields=("organization", "seq"), name="issue_seq"),
            models.Index(fields=("organization", "is_open", "-score", "-id"), name="issue_org_open_score"),
            models.Index(
                fields=("organization", "is_open", "due_at"),
                condition=models.Q(due_at__isnull=False),
                name="issue_org_open_due",
            ),
            # What the retest's duty asks every other second. Events don't move it.
            models.Index(fields=("category", "id"), name="issue_category"),
            models.Index(fields=("parent",), condition=models.Q(parent__isnull=False), name="issue_parent"),
            # What tabs and lanes count by, without reading a row. Events don't move it.
            models.Index(
                fields=("organization", "merged_into", "category", "stage", "assignee", "project", "is_open"),
                name="issue_standing",
            ),
            # Boards count and fill their columns, and their lanes, from this alone: what follows the order is there to
            # be filtered and counted by without reading the rows.
            models.Index(
                fields=(
                    "organization",
                    "category",
                    "stage",
                    "-last_seen",
                    "-id",
                    "is_open",
                    "project",
                    "assignee",
                    "priority_rank",
                    "severity_rank",
                ),
                condition=models.Q(merged_into__isnull=True),
                name="issue_board",
            ),
        )

    def __str__(self) -> str:
        return f"{self.project_id}-{self.number}"


class Grouping(models.Model):
    """A fingerprint and the issue its events count into. Merging and splitting move these rows and nothing else."""

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="+", db_index=False)
    fingerprint = models.BigIntegerField()
    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="groupings")
    title = models.CharField(max_length=256)
    culprit = models.CharField(max_length=200)
    level = models.CharField(max_length=10)
    count = models.BigIntegerField()
    users = models.BigIntegerField()
    unhandled = models.BooleanField()
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    first_release = models.CharField(max_length=200)
    last_release = models.CharField(max_length=200)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("project", "fingerprint"), name="grouping_once"),)

    def __str__(self) -> str:
        return f"{self.project_id}:{self.fingerprint}"


class GroupingUsers(models.Model):
    """The sketch of a fingerprint's distinct users. Apart, because its row is large and seldom changes."""

    grouping = models.OneToOneField(Grouping, on_delete=models.CASCADE, primary_key=True, related_name="sketch")
    sketch = models.BinaryField()

    def __str__(self) -> str:
        return f"users of {self.grouping_id}"


class GroupingExplanation(models.Model):
    """Why the events of a fingerprint belong together, as JSON. Written once."""

    grouping = models.OneToOneField(Grouping, on_delete=models.CASCADE, primary_key=True, related_name="explanation")
    body = models.TextField()

    def __str__(self) -> str:
        return f"explanation of {self.grouping_id}"


class Comment(models.Model):
    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=254)
    body = models.TextField()  # Markdown
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.id} on {self.issue_id}"


class CommentEdit(models.Model):
    """What a comment said before an edit."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="edits")
    body = models.TextField()
    by_name = models.CharField(max_length=254)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.comment_id} before {self.at}"


class Activity(models.Model):
    """Something that happened to an issue: what changed, by whom, and why."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="activities")
    kind = models.CharField(max_length=20)
    actor_kind = models.CharField(max_length=10)
    actor = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=254)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.CharField(max_length=500)
    evidence = models.JSONField(default=dict)
    comment = models.ForeignKey(Comment, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=("issue", "-id"), name="activity_of_issue"),
            # Which issues changed since a moment: what looking back begins with. Events alone write no activity.
            models.Index(fields=("at", "issue"), name="activity_since"),
        )

    def __str__(self) -> str:
        return f"{self.kind} of {self.issue_id}"


class Proof(models.Model):
    """What is proven of an issue's fix, as the retest last noted it."""

    issue = models.OneToOneField(Issue, on_delete=models.CASCADE, primary_key=True, related_name="proof")
    needed = models.JSONField(default=list)  # the names of the proofs that apply
    held = models.JSONField(default=list)  # and of those that hold
    carriers = models.JSONField(default=list)  # the releases known to have the fix
    without = models.JSONField(
        default=list
    )  # and those known not to have it that their versions don't show to be older
    spared = models.JSONField(default=list)  # older releases whose events came after the fix: each was told once
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.issue_id}: {self.held} of {self.needed}"


class Label(models.Model):
    organization = models.ForeignKey("accounts.Organization", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=50)
    folded = models.CharField(max_length=50)  # the name, case-folded: what is unique, and searched
    colour = models.SmallIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("organization", "folded"), name="label_once"),)

    def __str__(self) -> str:
        return self.name


class IssueLabel(models.Model):
    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="labellings")
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="labellings")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("issue", "label"), name="issue_label_once"),)

    def __str__(self) -> str:
        return f"{self.label_id} on {self.issue_id}"


class Watcher(models.Model):
    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="watchers")
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=20)  # "chosen", "assigned", "commented", "mentioned", "created"
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("issue", "user"), name="watcher_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} watches {self.issue_id}"


class IssueLink(models.Model):
    source = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="links_out")
    target = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="links_in")
    kind = models.CharField(max_length=12)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("source", "target", "kind"), name="issue_link_once"),
            models.CheckConstraint(condition=~models.Q(source=models.F("target")), name="issue_link_of_two"),
        )

    def __str__(self) -> str:
        return f"{self.source_id} {self.kind} {self.target_id}"


class Mention(models.Model):
    """A text of an issue, its description or a comment, that names another issue or a person."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="mentions")
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, null=True, related_name="mentions")
    target = models.ForeignKey(Issue, on_delete=models.CASCADE, null=True, related_name="mentioned_in")
    person = models.ForeignKey("accounts.User", on_delete=models.CASCADE, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(target__isnull=False) ^ models.Q(person__isnull=False), name="mention_of_one"
            ),
        )

    def __str__(self) -> str:
        return f"{self.target_id or self.person_id} in {self.issue_id}"


class SavedView(models.Model):
    organization = models.ForeignKey("accounts.Organization", on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    query = models.CharField(max_length=2000)
    shared = models.BooleanField(default=False)
    position = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    layout = models.CharField(max_length=10, default="list")  # "list", "board"
    options = models.JSONField(default=dict)  # the rest of its address: columns, sort, lanes, limits, project

    class Meta:
        indexes = (models.Index(fields=("organization", "owner"), name="saved_view_of_owner"),)

    def __str__(self) -> str:
        return self.name


class ChangeCounter(models.Model):
    """The installation's newest `seq`."""

    id = models.SmallIntegerField(primary_key=True)
    value = models.BigIntegerField()

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="change_one_counter"),)

    def __str__(self) -> str:
        return str(self.value)


class FollowerPlace(models.Model):
    """How far a follower has read the activities."""

    name = models.CharField(max_length=40, primary_key=True)
    activity_id = models.BigIntegerField()
    singly_to = models.BigIntegerField(default=0)  # up to here one by one: something among them trips it
    again = models.BooleanField(default=False)  # something that was set aside is to be tried again
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.activity_id}"


class SetAside(models.Model):
    """An activity that a follower trips over: passed by, and kept until it is tried again."""

    follower = models.CharField(max_length=40)
    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=1000)
    again = models.BooleanField(default=False)  # the follower's next turn tries it
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("follower", "activity"), name="set_aside_once"),)

    def __str__(self) -> str:
        return f"{self.activity_id} by {self.follower}"
