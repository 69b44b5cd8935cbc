"""Writes of projects, their keys, and what intake counted."""

import re
import secrets
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils.text import slugify

from errata.apps.accounts import operations as people
from errata.apps.accounts import queries as accounts
from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.audit import operations as audit
from errata.apps.projects import snapshot
from errata.apps.projects.models import Dictionary, IntakeCount, Project, ProjectKey
from errata.apps.projects.queries import KeyNotFound, key_view, project_view, row_of
from errata.apps.projects.types import IntakeCountRow, KeyView, ProjectView
from errata.apps.records import together, write
from errata.core.errors import Refusal
from errata.core.event.scrub import ScrubRules

_KEY = re.compile(r"[A-Z][A-Z0-9]{1,9}")
_KEY_CHARS_MIN = 2
_KEY_LETTERS = 3
# 10 M a minute is 160k/s: beyond any one machine, and inside the column.
_QUOTA_MAX = 10_000_000


class ProjectRefused(Refusal):
    """A name, key, quota or origin that can't be used."""

    code = "project_refused"
    status = 422


def set_up(
    *, email: str, name: str, password: str, organization: str, project: str, platform: str, at: datetime, ip: str = ""
) -> tuple[Actor, ProjectView]:
    """Set the installation up, whole or not at all: the first person, the organisation, the first project."""
    # The password is hashed within the transaction, which is slow: nobody else is here yet to wait for it.
    with together():
        owner = people.set_up(email=email, name=name, password=password, organization=organization, at=at, ip=ip)
        try:
            return owner, create_project(name=project, platform=platform, by=owner, at=at)
        except ProjectRefused as refusal:
            raise ProjectRefused(f"The project: {refusal.message}", field="project") from None


def create_project(
    *, name: str, platform: str, by: Actor, at: datetime, key: str | None = None, team: str | None = None
) -> ProjectView:
    """Create a project and its first key. The prefix of its issue keys is made from the name unless it is given."""
    allow(by, "project:admin")
    name = _name(name)
    with write():
        row = Project.objects.create(
            organization_id=by.organization_id,
            team_id=accounts.team_id(actor=by, slug=team) if team else None,
            name=name,
            slug=_free_slug(name, by),
            key=_given_key(key, by) if key else _free_key(name, by),
            platform=platform.strip()[:40] or "other",
            created_at=at,
        )
        ProjectKey.objects.create(project=row, name="Default", public_key=_public_key(), created_at=at)
        snapshot.changed()
        after = {"name": name, "key": row.key, "platform": row.platform, "team_id": row.team_id}
        audit.record(by=by, action="project.created", target=row.slug, at=at, after=after)
        return project_view(row)


def update_project(
    *,
    which: str | int,
    by: Actor,
    at: datetime,
    name: str | None = None,
    platform: str | None = None,
    team: str | None = None,
    allowed_origins: Collection[str] | None = None,
    active: bool | None = None,
) -> ProjectView:
    """Change what is given. `team=""` takes the project away from its team; `active=False` makes intake refuse."""
    changes: dict[str, Any] = {}
    if name is not None:
        changes["name"] = _name(name)
    if platform is not None:
        changes["platform"] = platform.strip()[:40] or "other"
    if team is not None:
        changes["team_id"] = accounts.team_id(actor=by, slug=team) if team else None
    if allowed_origins is not None:
        changes["allowed_origins"] = _origins(allowed_origins)
    if active is not None:
        changes["active"] = active
    return _change(which, changes, action="project.changed", by=by, at=at)


def set_quota(*, which: str | int, per_minute: int, by: Actor, at: datetime) -> ProjectView:
    """Limit the events a minute of the whole project; 0 takes the limit away."""
    return _change(which, {"quota_per_minute": _quota(per_minute)}, action="project.quota_set", by=by, at=at)


def set_scrubbing(*, which: str | int, rules: ScrubRules, by: Actor, at: datetime) -> ProjectView:
    """Say what is removed from events before they are stored. What is stored stays as it is."""
    tidy = msgspec.structs.replace(rules, keys=_key_names(rules.keys), safe_keys=_key_names(rules.safe_keys))
    return _change(which, {"scrub": msgspec.to_builtins(tidy)}, action="project.scrubbing_set", by=by, at=at)


def archive_project(*, which: str | int, by: Actor, at: datetime) -> ProjectView:
    """Put a project away: intake refuses, lists leave it out, nobody is told of it, everything is kept."""
    return _change(which, {"archived_at": at}, action="project.archived", by=by, at=at)


def restore_project(*, which: str | int, by: Actor, at: datetime) -> ProjectView:
    """Take an archived project back into use."""
    changes = {"archived_at": None}
    return _change(which, changes, action="project.restored", by=by, at=at, along={"restored_at": at})


def delete_project(*, which: str | int, by: Actor, at: datetime) -> None:
    """Delete a project: at once for everybody; its rows go in slices, its events with retention. Its name is free."""
    allow(by, "project:admin")
    with write():
        row = row_of(by, which)
        Project.objects.filter(id=row.id).update(deleted_at=at, active=False)
        ProjectKey.objects.filter(project=row).update(active=False)
        snapshot.changed()
        audit.record(
            by=by,
            action="project.deleted",
            target=row.slug,
            at=at,
            before={"id": row.id, "name": row.name, "key": row.key},
        )


def create_key(*, which: str | int, name: str, by: Actor, at: datetime, quota_per_minute: int = 0) -> KeyView:
    """Create another key for the project."""
    allow(by, "project:admin")
    with write():
        row = row_of(by, which)
        key = ProjectKey.objects.create(
            project=row,
            name=_name(name),
            public_key=_public_key(),
            quota_per_minute=_quota(quota_per_minute),
            created_at=at,
        )
        snapshot.changed()
        after = {"name": key.name, "public_key": key.public_key, "quota_per_minute": key.quota_per_minute}
        audit.record(by=by, action="key.created", target=row.slug, at=at, after=after)
        return key_view(key)


def disable_key(*, key_id: int, by: Actor, at: datetime) -> KeyView:
    """Make intake refuse what this key sends."""
    return _change_key(key_id, {"active": False}, action="key.disabled", by=by, at=at)


def enable_key(*, key_id: int, by: Actor, at: datetime) -> KeyView:
    """Take a disabled key back into use."""
    return _change_key(key_id, {"active": True}, action="key.enabled", by=by, at=at)


def update_key(
    *, key_id: int, by: Actor, at: datetime, name: str | None = None, quota_per_minute: int | None = None
) -> KeyView:
    """Rename a key, or limit the events a minute that it may send (0 = no limit)."""
    changes: dict[str, Any] = {}
    if name is not None:
        changes["name"] = _name(name)
    if quota_per_minute is not None:
        changes["quota_per_minute"] = _quota(quota_per_minute)
    return _change_key(key_id, changes, action="key.changed", by=by, at=at)


def add_dictionary(*, project_id: int, body: bytes, at: datetime) -> int:
    """Keep a trained dictionary, let the project compress with it from now on, and return its number."""
    with write():
        row = Dictionary.objects.create(project_id=project_id, body=body, created_at=at)
        Project.objects.filter(id=project_id).update(dictionary=row.number)
        snapshot.changed()
    return row.number


def record_intake_counts(rows: Iterable[IntakeCountRow]) -> None:
    """Add to what intake counted: in the caller's transaction (the digest's), or in one of its own."""
    counts = [row for row in rows if row.quantity]
    if not counts:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        # Django's upsert can only set a column to the new value, not add to it.
        table = IntakeCount._meta.db_table
        cursor.executemany(
            f"INSERT INTO {table} (project_id, key_id, hour, outcome, category, reason, quantity)"  # noqa: S608 (a constant)
            " VALUES (%s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (project_id, hour, key_id, outcome, category, reason)"
            f" DO UPDATE SET quantity = {table}.quantity + excluded.quantity",
            [_count_parameters(row) for row in counts],
        )


def next_issue_numbers(wanted: dict[int, int]) -> dict[int, int]:
    """Take so many issue numbers for each project, and return the first of each. Belongs in the issues' transaction."""
    first = {}
    for project_id, count in wanted.items():
        Project.objects.filter(id=project_id).update(issue_counter=F("issue_counter") + count)
        counter = Project.objects.values_list("issue_counter", flat=True).get(id=project_id)
        first[project_id] = counter - count + 1
    return first


def note_first_event(project_ids: Iterable[int], *, at: datetime) -> None:
    """Remember when a project's first event was digested. Belongs in the digest's transaction."""
    ids = list(Project.objects.filter(id__in=list(project_ids), first_event_at=None).values_list("id", flat=True))
    if ids:
        Project.objects.filter(id__in=ids).update(first_event_at=at)


def remove_deleted() -> int:
    """Remove the rows of deleted projects whose issues are gone. Belongs in the transaction that saw them gone."""
    return Project.objects.exclude(deleted_at=None).delete()[0]


def purge_intake_counts(*, before: datetime) -> int:
    """Forget what intake counted before then. Return how many rows went."""
    with write():
        return IntakeCount.objects.filter(hour__lt=before).delete()[0]


def _change(
    which: str | int,
    changes: dict[str, Any],
    *,
    action: str,
    by: Actor,
    at: datetime,
    along: Mapping[str, Any] | None = None,
) -> ProjectView:
    """Write what is different; then also what goes `along` with it."""
    allow(by, "project:admin")
    with write():
        row = row_of(by, which)
        before = {name: getattr(row, name) for name in changes if getattr(row, name) != changes[name]}
        if before:
            after = {name: changes[name] for name in before}
            Project.objects.filter(id=row.id).update(**after, **(along or {}))
            snapshot.changed()
            audit.record(by=by, action=action, target=row.slug, at=at, before=before, after=after)
        return project_view(row_of(by, row.id))


def _change_key(key_id: int, changes: dict[str, Any], *, action: str, by: Actor, at: datetime) -> KeyView:
    allow(by, "project:admin")
    with write():
        row = (
            ProjectKey.objects.filter(id=key_id, project__organization_id=by.organization_id, project__deleted_at=None)
            .select_related("project")
            .first()
        )
        if row is None:
            raise KeyNotFound(f"There is no key {key_id}.", key_id=key_id)
        before = {name: getattr(row, name) for name in changes if getattr(row, name) != changes[name]}
        if before:
            after = {name: changes[name] for name in before}
            ProjectKey.objects.filter(id=key_id).update(**after)
            row.refresh_from_db()
            snapshot.changed()
            whole = {"public_key": row.public_key, **after}
            audit.record(by=by, action=action, target=row.project.slug, at=at, before=before, after=whole)
        return key_view(row)


def _count_parameters(row: IntakeCountRow) -> list[Any]:
    hour = row.hour.replace(minute=0, second=0, microsecond=0)
    value = connection.ops.adapt_datetimefield_value(hour)
    return [
        row.project_id, row.key_id, value, row.outcome[:20], row.category[:30], row.reason[:60], row.quantity,
    ]  # fmt: skip


def _public_key() -> str:
    return secrets.token_hex(16)


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > 80 or "\0" in name:
        raise ProjectRefused("A name has 1 to 80 characters.", field="name")
    return name


def _free_slug(name: str, by: Actor) -> str:
    stem = slugify(name)[:50].strip("-") or "project"
    if stem.isdecimal():
        stem = f"project-{stem}"  # a bare number would read as an id
    taken = set(_living(by).filter(slug__startswith=stem).values_list("slug", flat=True))
    return next(slug for slug in _numbered(stem, "-") if slug not in taken)


def _free_key(name: str, by: Actor) -> str:
    """PAY for Payments, SF for Store Front, and a number behind it when that is taken."""
    words = re.findall(r"[A-Z0-9]+", slugify(name).upper())
    stem = "".join(word[0] for word in words)[:6] if len(words) > 1 else "".join(words)[:_KEY_LETTERS]
    stem = stem.lstrip("0123456789")
    stem = stem if len(stem) >= _KEY_CHARS_MIN else (stem + "PRJ")[:_KEY_LETTERS]
    taken = set(_living(by).filter(key__startswith=stem).values_list("key", flat=True))
    return next(key for key in _numbered(stem, "") if key not in taken)


def _given_key(text: str, by: Actor) -> str:
    key = text.strip().upper()
    if not _KEY.fullmatch(key):
        raise ProjectRefused(
            f"“{text}” can't begin issue keys: 2 to 10 letters and digits, a letter first.", field="key"
        )
    if _living(by).filter(key=key).exists():
        raise ProjectRefused(f"Another project's issues begin with {key}.", field="key")
    return key


def _living(by: Actor) -> QuerySet[Project]:
    return Project.objects.filter(organization_id=by.organization_id, deleted_at=None)


def _numbered(stem: str, joint: str) -> Iterable[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem}{joint}{number}"
        number += 1


def _quota(per_minute: int) -> int:
    if not 0 <= per_minute <= _QUOTA_MAX:
        raise ProjectRefused(f"A quota is 0 (none) to {_QUOTA_MAX:,} events a minute.", field="quota_per_minute")
    return per_minute


def _origins(origins: Collection[str]) -> list[str]:
    tidy = [origin.strip() for origin in origins if origin.strip()]
    if wrong := next((origin for origin in tidy if len(origin) > 200 or any(c.isspace() for c in origin)), None):
        raise ProjectRefused(
            f"“{wrong[:50]}” is not an origin: https://shop.example or *.shop.example.", field="allowed_origins"
        )
    return tidy


def _key_names(names: Iterable[str]) -> tuple[str, ...]:
    tidy = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
    if len(tidy) > 200 or any(len(name) > 100 for name in tidy):
        raise ProjectRefused("At most 200 names of 100 characters.", field="keys")
    return tidy
