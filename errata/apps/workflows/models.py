"""Workflows, issue types and custom fields that teams own, versioned."""

from django.db import models


class Workflow(models.Model):
    organization = models.ForeignKey("accounts.Organization", on_delete=models.CASCADE, related_name="+")
    slug = models.CharField(max_length=60)
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("organization", "slug"), name="workflow_once"),)

    def __str__(self) -> str:
        return self.slug


class WorkflowVersion(models.Model):
    """What a workflow was when it was saved. Never changes."""

    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="versions")
    number = models.IntegerField()
    body = models.JSONField()  # core's Workflow
    note = models.CharField(max_length=200)
    created_by_name = models.CharField(max_length=254)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("workflow", "number"), name="workflow_version_once"),)

    def __str__(self) -> str:
        return f"{self.workflow_id} version {self.number}"


class ProjectWorkflow(models.Model):
    """The version a project's issues move through. A project without one has the default."""

    project = models.OneToOneField("projects.Project", on_delete=models.CASCADE, primary_key=True, related_name="+")
    version = models.ForeignKey(WorkflowVersion, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.project_id}: {self.version_id}"


class IssueType(models.Model):
    """A type beside the built-in ones; or a built-in one that was put away, or has a template."""

    organization = models.ForeignKey("accounts.Organization", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=40)
    folded = models.CharField(max_length=40)  # case-folded: what is unique
    meaning = models.CharField(max_length=200)
    template = models.TextField(default="")  # what a description begins with that somebody writes by hand
    position = models.IntegerField()
    archived_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("organization", "folded"), name="issue_type_once"),)

    def __str__(self) -> str:
        return self.name


class CustomField(models.Model):
    organization = models.ForeignKey("accounts.Organization", on_delete=models.CASCADE, related_name="+")
    slug = models.CharField(max_length=40)
    body = models.JSONField()  # core's CustomField
    position = models.IntegerField()
    archived_at = models.DateTimeField(null=True)  # its values stay on the issues

    class Meta:
        constraints = (models.UniqueConstraint(fields=("organization", "slug"), name="custom_field_once"),)

    def __str__(self) -> str:
        return self.slug


class Arrivals(models.Model):
    """What events open, in a project or in all of an organisation's that don't say."""

    organization = models.ForeignKey("accounts.Organization", on_delete=models.CASCADE, related_name="+")
    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, null=True, related_name="+")
    rules = models.JSONField()  # core's ArrivalRules

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organization",), condition=models.Q(project=None), name="arrivals_of_organization_once"
            ),
            models.UniqueConstraint(
                fields=("project",), condition=models.Q(project__isnull=False), name="arrivals_of_project_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.organization_id}, {self.project_id}"


class ProcessToken(models.Model):
    """A new text with every change of the tables above: what every process's memory of them is checked against."""

    id = models.SmallIntegerField(primary_key=True)
    token = models.CharField(max_length=32)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="process_one_token"),)

    def __str__(self) -> str:
        return self.token
