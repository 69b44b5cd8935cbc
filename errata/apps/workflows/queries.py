"""Reads of workflows."""

from errata.core.workflow import DEFAULT, Workflow


def workflow_of(project_id: int) -> Workflow:  # noqa: ARG001 (until teams own theirs)
    """The workflow a project's issues move through."""
    return DEFAULT
