"""Templates: the four fields of the organisation, of teams and of projects; the gallery; the ranking, explained."""

from datetime import UTC, datetime

from ninja import Router

from errata.api.kit import ApiRequest
from errata.api.native.schemas import Page
from errata.api.native.template_schemas import (
    DriftOut,
    GalleryIn,
    ReadyOut,
    ScoreOut,
    TemplateIn,
    TemplateOut,
    TrialOut,
    TryRankingIn,
    VersionOut,
)
from errata.apps.designations import standings
from errata.apps.templates import operations, queries
from errata.apps.templates.types import Scope, ScopeKind
from errata.core.errors import Refusal
from errata.core.template import GALLERY

router = Router(tags=["Templates"])


class KindUnknown(Refusal):
    """A kind of place that has no template."""

    code = "template_kind_unknown"
    status = 404


@router.get("/templates/gallery", response=Page[ReadyOut], summary="List the ready templates")
def gallery(request: ApiRequest) -> Page[ReadyOut]:  # noqa: ARG001 (ninja passes it by its name)
    """Templates for kinds of teams, to begin with and to change."""
    return Page(items=[ReadyOut.of(ready) for ready in GALLERY.values()])


@router.get("/templates/drift", response=DriftOut, summary="Who deviates from the organisation's template")
def drift(request: ApiRequest) -> DriftOut:
    """Teams and projects whose template in force isn't the organisation's, and in what."""
    return DriftOut.of(queries.drift(actor=request.auth))


@router.get("/templates/organization", response=TemplateOut, summary="Get the organisation's template")
def get_organization(request: ApiRequest) -> TemplateOut:
    """What holds for every team and project that sets nothing itself."""
    return _shown(request, Scope())


@router.put("/templates/organization", response=TemplateOut, summary="Replace the organisation's template")
def put_organization(request: ApiRequest, body: TemplateIn) -> TemplateOut:
    """What is absent is what Errata starts with. Durations are texts: 30m, 4h, 2d."""
    return _replaced(request, Scope(), body)


@router.get("/templates/{kind}/{slug}", response=TemplateOut, summary="Get the template of a team or project")
def get_template(request: ApiRequest, kind: str, slug: str) -> TemplateOut:
    """`kind` is `teams` or `projects`. What is in force, its own fields, and where each field comes from."""
    return _shown(request, _scope(kind, slug))


@router.put("/templates/{kind}/{slug}", response=TemplateOut, summary="Replace the template of a team or project")
def put_template(request: ApiRequest, kind: str, slug: str, body: TemplateIn) -> TemplateOut:
    """What is absent is inherited. Durations are texts: 30m, 4h, 2d."""
    return _replaced(request, _scope(kind, slug), body)


@router.post("/templates/{kind}/{slug}/gallery", response=TemplateOut, summary="Take a template from the gallery")
def take(request: ApiRequest, kind: str, slug: str, body: GalleryIn) -> TemplateOut:
    """Maximum time and ranking are taken over; where the team talks and who gets what stay as they are."""
    scope = _scope(kind, slug)
    operations.apply_gallery(slug=body.template, scope=scope, by=request.auth, at=datetime.now(UTC))
    return _shown(request, scope)


@router.get("/templates/{kind}/{slug}/versions", response=Page[VersionOut], summary="List the versions of a template")
def versions(request: ApiRequest, kind: str, slug: str) -> Page[VersionOut]:
    """Newest first: who, when, and in words what. For the organisation, `kind` and `slug` are `organization`."""
    found = queries.versions(actor=request.auth, scope=_scope(kind, slug))
    return Page(items=[VersionOut.of(version) for version in found])


@router.post("/templates/{kind}/{slug}/ranking/try", response=TrialOut, summary="Try a ranking before it is saved")
def try_ranking(request: ApiRequest, kind: str, slug: str, body: TryRankingIn) -> TrialOut:
    """What would move up and down among the open issues. Nothing is written."""
    trial = standings.try_ranking(
        actor=request.auth, scope=_scope(kind, slug), expression=body.ranking, at=datetime.now(UTC)
    )
    return TrialOut.of(trial)


@router.get("/issues/{key}/score", response=ScoreOut, tags=["Issues"], summary="Why an issue ranks where it does")
def score(request: ApiRequest, key: str) -> ScoreOut:
    """The parts of its score, each with its value and words."""
    return ScoreOut.of(standings.standing(actor=request.auth, key=key, at=datetime.now(UTC)))


_KINDS: dict[str, ScopeKind] = {"teams": "team", "projects": "project", "organization": "organization"}


def _scope(kind: str, slug: str) -> Scope:
    if kind not in _KINDS:
        raise KindUnknown(f"There are no templates of {kind}: teams or projects.", kind=kind)
    return Scope() if _KINDS[kind] == "organization" else Scope(_KINDS[kind], slug)


def _shown(request: ApiRequest, scope: Scope) -> TemplateOut:
    return TemplateOut.of(queries.template(actor=request.auth, scope=scope))


def _replaced(request: ApiRequest, scope: Scope, body: TemplateIn) -> TemplateOut:
    document = body.dict(exclude_unset=True)
    note = document.pop("note", "")
    operations.replace_template(scope=scope, document=document, note=note or "", by=request.auth, at=datetime.now(UTC))
    return _shown(request, scope)
