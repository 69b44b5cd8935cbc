"""Releases, deploys, commits, checks, and the retests that are judged by them."""

from datetime import UTC, datetime

from ninja import Router, Status
from ninja.params.functions import Query

from errata.api.kit import ApiRequest
from errata.api.native.release_schemas import (
    CheckBody,
    CheckOut,
    CommitOut,
    CommitsBody,
    CommitsToldBody,
    DeployBody,
    DeployOut,
    FixBody,
    ReleaseBody,
    ReleaseDetailOut,
    ReleaseOut,
    RetestOut,
)
from errata.api.native.schemas import Page
from errata.apps.projects import queries as projects
from errata.apps.releases import operations, queries
from errata.apps.retests import operations as retests
from errata.apps.retests import queries as retest_queries

router = Router(tags=["Releases"])


@router.get("/releases", response=Page[ReleaseOut], summary="List the releases")
def list_releases(
    request: ApiRequest,
    project: str = Query("", description="The slug of a project."),
    environment: str = Query("", description="Deployed to or seen in it."),
    cursor: str | None = Query(None, description="`next` of the page before."),
    limit: int = Query(50, ge=1, le=200),
) -> Page[ReleaseOut]:
    """Newest first: those told, and those that events were of."""
    number = projects.project(actor=request.auth, which=project).id if project else None
    page = queries.list_releases(
        actor=request.auth, project=number, environment=environment, cursor=cursor, limit=limit
    )
    return Page(items=[ReleaseOut.of(one) for one in page.items], next=page.next)


@router.post("/releases", response={201: ReleaseOut}, summary="Tell of a release")
def create_release(request: ApiRequest, body: ReleaseBody) -> Status[ReleaseOut]:
    """One that is known already gains what is told now."""
    told = operations.create_release(
        version=body.version, project_slugs=body.projects, url=body.url, released_at=_aware(body.released_at),
        by=request.auth, at=datetime.now(UTC),
    )  # fmt: skip
    return Status(201, ReleaseOut.of(told))


@router.get("/releases/{path:version}/commits", response=Page[CommitOut], summary="List a release's commits")
def release_commits(request: ApiRequest, version: str) -> Page[CommitOut]:
    """Those that the release before hasn't."""
    return Page(items=[CommitOut.of(one) for one in queries.release(actor=request.auth, version=version).commits])


@router.post("/releases/{path:version}/commits", response=Page[CommitOut], summary="Say which commits a release has")
def set_commits(request: ApiRequest, version: str, body: CommitsBody) -> Page[CommitOut]:
    """With them it has all that is known to lead to them."""
    found = operations.set_commits(
        version=version, repository=body.repository, commits=[one.told() for one in body.commits],
        by=request.auth, at=datetime.now(UTC),
    )  # fmt: skip
    return Page(items=[CommitOut.of(one) for one in found])


@router.get("/releases/{path:version}", response=ReleaseDetailOut, summary="Get a release")
def get_release(request: ApiRequest, version: str) -> ReleaseDetailOut:
    """A release with its deploys, commits and checks."""
    return ReleaseDetailOut.of(queries.release(actor=request.auth, version=version))


@router.get("/deploys", response=Page[DeployOut], summary="List the deploys")
def list_deploys(
    request: ApiRequest, environment: str = "", since: datetime | None = None, limit: int = Query(100, ge=1, le=500)
) -> Page[DeployOut]:
    """Newest first."""
    found = queries.list_deploys(actor=request.auth, environment=environment, since=_aware(since), limit=limit)
    return Page(items=[DeployOut.of(one) for one in found])


@router.post("/deploys", response={201: DeployOut}, summary="Tell of a deploy")
def create_deploy(request: ApiRequest, body: DeployBody) -> Status[DeployOut]:
    """From now, or from `at` on, the release runs in the environment. A release that nobody told of is made."""
    told = operations.create_deploy(
        version=body.version, environment=body.environment, url=body.url, deployed_at=_aware(body.at),
        by=request.auth, at=datetime.now(UTC),
    )  # fmt: skip
    return Status(201, DeployOut.of(told))


@router.get("/commits", response=Page[CommitOut], summary="List the known commits")
def list_commits(request: ApiRequest, repository: str = "", limit: int = Query(100, ge=1, le=500)) -> Page[CommitOut]:
    """Newest first."""
    return Page(
        items=[
            CommitOut.of(one) for one in queries.list_commits(actor=request.auth, repository=repository, limit=limit)
        ]
    )


@router.post("/commits", response={201: Page[CommitOut]}, summary="Tell of commits")
def tell_commits(request: ApiRequest, body: CommitsToldBody) -> Status[Page[CommitOut]]:
    """As a forge's push would: `fixes PAY-142` in the message of one that landed links it and moves the issue."""
    found = operations.tell_commits(
        repository=body.repository, commits=[one.told() for one in body.commits], landed=body.landed,
        by=request.auth, at=datetime.now(UTC),
    )  # fmt: skip
    return Status(201, Page(items=[CommitOut.of(one) for one in found]))


@router.get("/checks", response=Page[CheckOut], summary="List the results of checks")
def list_checks(
    request: ApiRequest, name: str = "", sha: str = "", limit: int = Query(100, ge=1, le=500)
) -> Page[CheckOut]:
    """The newest of each, newest first."""
    found = queries.list_checks(actor=request.auth, name=name, sha=sha, limit=limit)
    return Page(items=[CheckOut.of(one) for one in found])


@router.post("/checks", response={201: CheckOut}, summary="Tell how a check ended")
def report_check(request: ApiRequest, body: CheckBody) -> Status[CheckOut]:
    """A later result takes the place of an earlier one of the same check on the same commit or release."""
    told = operations.report_check(
        name=body.name, state=body.state, sha=body.sha, version=body.version, repository=body.repository,
        url=body.url, checked_at=_aware(body.at), by=request.auth, at=datetime.now(UTC),
    )  # fmt: skip
    return Status(201, CheckOut.of(told))


@router.get("/issues/{key}/retest", response=RetestOut, summary="What is proven of an issue's fix", tags=["Issues"])
def get_retest(request: ApiRequest, key: str) -> RetestOut:
    """Each proof with its state, numbers and words; what is linked; and how much longer to wait."""
    return RetestOut.of(retest_queries.retest(actor=request.auth, key=key))


@router.post("/issues/{key}/retest/fixes", response={201: RetestOut}, summary="Link a fix", tags=["Issues"])
def link_fix(request: ApiRequest, key: str, body: FixBody) -> Status[RetestOut]:
    """A commit, a release or a check: the retest then asks for its proof."""
    retests.link_fix(
        key=key, commit=body.commit, repository=body.repository, release=body.release, check=body.check,
        by=request.auth, at=datetime.now(UTC),
    )  # fmt: skip
    return Status(201, RetestOut.of(retest_queries.retest(actor=request.auth, key=key)))


@router.delete("/issues/{key}/retest/fixes/{link}", response=RetestOut, summary="Take a link away", tags=["Issues"])
def unlink_fix(request: ApiRequest, key: str, link: int) -> RetestOut:
    """By its number in the list of fixes."""
    retests.unlink_fix(key=key, link_id=link, by=request.auth, at=datetime.now(UTC))
    return RetestOut.of(retest_queries.retest(actor=request.auth, key=key))


def _aware(moment: datetime | None) -> datetime | None:
    """A time without a zone is in UTC, as all times here are."""
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
