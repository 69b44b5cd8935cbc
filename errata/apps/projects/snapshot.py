"""What intake knows of projects, and the number that says whether it knows the latest."""

from django.db.models import F

from errata.apps.projects.models import Project, ProjectKey, SnapshotVersion
from errata.apps.projects.queries import scrub_rules
from errata.ports.keys import IntakeKey, IntakeProject, KeySnapshot


def intake_version() -> int:
    """The number of the newest snapshot."""
    return SnapshotVersion.objects.filter(id=1).values_list("version", flat=True).first() or 0


def intake_snapshot(known: KeySnapshot | None = None) -> KeySnapshot:
    """All that intake needs, in three queries; in one when the snapshot it has is the latest still."""
    # The version is read first: a change that slips in between is then read twice, never missed.
    version = intake_version()
    if known is not None and known.version == version:
        return known
    projects = {project.id: project for project in Project.objects.filter(deleted_at=None)}
    keys = ProjectKey.objects.filter(project_id__in=projects) if projects else ProjectKey.objects.none()
    return KeySnapshot(
        version=version,
        keys={key.public_key: _key(key, projects[key.project_id]) for key in keys},
        projects={project.id: _project(project) for project in projects.values()},
    )


def changed() -> None:
    """Tell intake to look again. Belongs in the transaction of the change."""
    if not SnapshotVersion.objects.filter(id=1).update(version=F("version") + 1):
        SnapshotVersion.objects.create(id=1, version=1)


def _key(key: ProjectKey, project: Project) -> IntakeKey:
    return IntakeKey(
        key_id=key.id,
        project_id=project.id,
        public_key=key.public_key,
        active=key.active and project.active and project.archived_at is None,
        quota_per_minute=key.quota_per_minute,
    )


def _project(project: Project) -> IntakeProject:
    return IntakeProject(
        project_id=project.id,
        quota_per_minute=project.quota_per_minute,
        allowed_origins=tuple(project.allowed_origins),
        scrub=scrub_rules(project),
        dictionary=project.dictionary,
    )
