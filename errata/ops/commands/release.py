"""`errata release new | list | show | set-commits`."""

import argparse
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

from errata.apps.releases import operations, queries
from errata.apps.releases.types import CommitIn, ReleaseDetail, ReleaseView
from errata.core.errors import Refusal
from errata.ops import console, given

# Fields and commits that no message holds.
_FIELD, _END = "\x1f", "\x1e"
_FORMAT = _FIELD.join(("%H", "%P", "%an", "%ae", "%cI", "%B")) + _END


class NoRepository(Refusal):
    """Git has nothing to tell of the directory."""

    code = "no_repository"
    status = 422


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("release", help="tell of releases, and list and show them")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    new = actions.add_parser("new", help="tell of a release")
    new.add_argument("version", help="as programs send it: shop@1.2.3")
    new.add_argument("--project", action="append", default=[], help="slug of a project it is of; may be repeated")
    new.add_argument("--url", default="", help="where it is described")
    new.add_argument("--released", type=given.moment, help="when, in ISO 8601; now when absent")
    new.set_defaults(run=run_new)

    listing = actions.add_parser("list", help="list the releases, newest first")
    listing.add_argument("--limit", type=console.positive, default=50)
    listing.set_defaults(run=run_list)

    show = actions.add_parser("show", help="show one release with its deploys, commits and checks")
    show.add_argument("version")
    show.set_defaults(run=run_show)

    commits = actions.add_parser("set-commits", help="say which commits a release was built from")
    commits.add_argument("version")
    commits.add_argument("--repository", required=True, help="its name: shop/payments")
    commits.add_argument("--commit", action="append", default=[], metavar="SHA", help="a commit; may be repeated")
    commits.add_argument("--git", metavar="DIRECTORY", help="read the commits of a clone, with their parents")
    commits.add_argument("--range", default="HEAD", help="which of them: v1.2.2..HEAD; all of HEAD when absent")
    commits.set_defaults(run=run_set_commits)
    for action in (new, listing, show, commits):
        console.add_json(action)


def run_new(arguments: argparse.Namespace) -> int:
    console.begin()
    now = console.now()
    told = operations.create_release(
        version=arguments.version,
        project_slugs=arguments.project,
        url=arguments.url,
        released_at=arguments.released or now,
        by=console.owner(),
        at=now,
    )
    return console.show(arguments, told, f"{told.version} is known.")


def run_list(arguments: argparse.Namespace) -> int:
    console.begin()
    page = queries.list_releases(actor=console.owner(), limit=arguments.limit)
    now = console.now()
    header = ("version", "projects", "since", "deploys", "commits", "environments")
    return console.show(arguments, page, console.table(header, [_row(one, now) for one in page.items]))


def run_show(arguments: argparse.Namespace) -> int:
    console.begin()
    detail = queries.release(actor=console.owner(), version=arguments.version)
    return console.show(arguments, detail, _described(detail, console.now()))


def run_set_commits(arguments: argparse.Namespace) -> int:
    console.begin()
    commits = [CommitIn(sha=sha) for sha in arguments.commit]
    if arguments.git:
        commits += _read_git(Path(arguments.git), arguments.range)
    found = operations.set_commits(
        version=arguments.version,
        repository=arguments.repository,
        commits=commits,
        by=console.owner(),
        at=console.now(),
    )
    return console.show(arguments, found, f"{arguments.version} has {len(found)} commits of {arguments.repository}.")


def _read_git(directory: Path, wanted: str) -> list[CommitIn]:
    """The commits of a clone, oldest first."""
    command = ["git", "-C", str(directory), "log", "--reverse", f"--max-count={operations.COMMITS_MAX}"]
    # The range is whatever git understands, but never an option of it. A message may be in any encoding.
    command += [f"--format={_FORMAT}", "--end-of-options", wanted]
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    except FileNotFoundError:
        msg = "Git isn't installed here, so no clone can be read. Name the commits with --commit."
        raise NoRepository(msg) from None
    if done.returncode:
        msg = f"Git can't read {wanted} in {directory}: {done.stderr.strip()[:300]}"
        raise NoRepository(msg)
    records = [record.strip("\n") for record in done.stdout.split(_END)]
    return [_commit(record.split(_FIELD)) for record in records if record]


def _commit(fields: list[str]) -> CommitIn:
    sha, parents, name, email, at, message = fields
    return CommitIn(
        sha=sha,
        parents=parents.split(),
        author_name=name,
        author_email=email,
        at=datetime.fromisoformat(at),
        message=message.strip(),
    )


def _row(one: ReleaseView, now: datetime) -> tuple[Any, ...]:
    projects = ", ".join(one.projects) or "–"
    return (one.version, projects, console.ago(one.at, now=now), one.deploys, one.commits, ", ".join(one.environments))


def _described(detail: ReleaseDetail, now: datetime) -> str:
    release = detail.release
    head = [
        release.version,
        f"  Projects  {', '.join(release.projects) or '–'}",
        f"  Known     for {console.ago(release.created_at, now=now)}",
        f"  Runs in   {', '.join(release.environments) or 'nowhere that was told or seen'}",
    ]
    deploys = [f"  {console.ago(one.at, now=now):>4}  {one.environment}  {one.url}".rstrip() for one in detail.deploys]
    commits = [f"  {one.short}  {one.title}" for one in detail.commits]
    checks = [f"  {one.state:<8} {one.name}  {one.url}".rstrip() for one in detail.checks]
    parts = (("Deploys", deploys), (f"Commits since {detail.before or 'ever'}", commits), ("Checks", checks))
    blocks = ["\n".join(head), *("\n".join([name, *lines]) for name, lines in parts if lines)]
    return "\n\n".join(blocks)
