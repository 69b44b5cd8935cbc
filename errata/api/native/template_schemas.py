"""What the REST API takes and gives of templates and ranking."""

from datetime import datetime
from typing import Any

from msgspec.structs import asdict
from ninja import Field, Schema

from errata.apps.designations.standings import Standing, Trial
from errata.apps.templates.types import DriftReport, Scope, TemplateView, VersionView
from errata.core.template import Ready, to_document

_DOCUMENT = "maximum_time, platform, ranking and designation; durations are texts such as 4h or 2d."


class SourceOut(Schema):
    """Where a field comes from."""

    origin: str = Field(description="default, organization, team or project")
    name: str
    version: int
    at: datetime | None
    by: str


class ScopeOut(Schema):
    kind: str
    slug: str

    @staticmethod
    def of(scope: Scope) -> "ScopeOut":
        return ScopeOut(kind=scope.kind, slug=scope.slug)


class TemplateOut(Schema):
    """A template: what is in force, what of it is set there, and where the rest comes from."""

    scope: ScopeOut
    name: str
    version: int = Field(description="Of its own fields; 0 is none yet.")
    own: dict[str, Any] = Field(description=f"What is set there: {_DOCUMENT}")
    in_force: dict[str, Any]
    sources: dict[str, SourceOut]

    @staticmethod
    def of(view: TemplateView) -> "TemplateOut":
        sources: dict[str, SourceOut] = {
            name: SourceOut(
                origin=source.origin, name=source.name, version=source.number, at=source.at, by=source.by_name
            )
            for name, source in view.sources.items()
        }
        return TemplateOut(
            scope=ScopeOut.of(view.scope), name=view.name, version=view.number, own=to_document(view.overrides),
            in_force=to_document(view.template), sources=sources,
        )  # fmt: skip


class TemplateIn(Schema):
    """The fields that are set there; what is absent or null is inherited."""

    maximum_time: dict[str, Any] | None = None
    platform: dict[str, Any] | None = None
    ranking: str | None = None
    designation: list[dict[str, Any]] | None = None
    note: str | None = Field(None, description="Why; kept with the version.")


class GalleryIn(Schema):
    template: str = Field(description="The slug of a ready template, such as web-shop.")


class ReadyOut(Schema):
    """A template of the gallery."""

    slug: str
    name: str
    audience: str
    reason: str
    template: dict[str, Any]

    @staticmethod
    def of(ready: Ready) -> "ReadyOut":
        return ReadyOut(
            slug=ready.slug, name=ready.name, audience=ready.audience, reason=ready.reason,
            template=to_document(ready.template),
        )  # fmt: skip


class VersionOut(Schema):
    version: int
    changes: list[str]
    note: str
    by: str
    at: datetime
    own: dict[str, Any]

    @staticmethod
    def of(version: VersionView) -> "VersionOut":
        return VersionOut(
            version=version.number, changes=list(version.words), note=version.note, by=version.by_name, at=version.at,
            own=to_document(version.overrides),
        )  # fmt: skip


class DriftingOut(Schema):
    scope: ScopeOut
    name: str
    team: str
    own: list[str] = Field(description="The fields it sets itself.")
    idle: list[str] = Field(description="Of those, the ones that say what it would inherit anyway.")
    differences: list[str] = Field(description="From the organisation's template, in words.")


class DriftOut(Schema):
    drifting: list[DriftingOut]
    agreeing: int

    @staticmethod
    def of(report: DriftReport) -> "DriftOut":
        drifting = [
            DriftingOut(
                scope=ScopeOut.of(each.scope), name=each.name, team=each.team, own=list(each.own),
                idle=list(each.idle), differences=[difference.words for difference in each.differences],
            )
            for each in report.drifting
        ]  # fmt: skip
        return DriftOut(drifting=drifting, agreeing=report.agreeing)


class TryRankingIn(Schema):
    ranking: str = Field(description="A scoring expression, such as `severity * 40 + log(users) * 10`.")


class MoverOut(Schema):
    key: str
    title: str
    before: int
    after: int
    score_before: float
    score_after: float


class TrialOut(Schema):
    """What another expression would do to the open issues."""

    issues: int
    moved: int
    projects: int
    cut: bool = Field(description="Only the issues seen last were looked at.")
    up: list[MoverOut]
    down: list[MoverOut]
    top: list[MoverOut]
    partial: str

    @staticmethod
    def of(trial: Trial) -> "TrialOut":
        lists = {name: [MoverOut(**asdict(mover)) for mover in getattr(trial, name)] for name in ("up", "down", "top")}
        return TrialOut(
            issues=trial.issues, moved=trial.moved, projects=trial.projects, cut=trial.cut, partial=trial.partial,
            **lists,
        )  # fmt: skip


class SummandOut(Schema):
    text: str
    value: float
    words: str


class ScoreOut(Schema):
    """A score, part by part."""

    issue: str
    score: float
    noted: float = Field(description="What lists sort by; a few minutes older at most.")
    above: int = Field(description="Open issues of its project with a higher score.")
    open: int
    ranking: str
    source: SourceOut
    parts: list[SummandOut]
    partial: str

    @staticmethod
    def of(standing: Standing) -> "ScoreOut":
        source = standing.source
        return ScoreOut(
            issue=standing.key, score=standing.score, noted=standing.noted, above=standing.above, open=standing.open,
            ranking=standing.expression, parts=[SummandOut(**asdict(part)) for part in standing.summands],
            source=SourceOut(
                origin=source.origin, name=source.name, version=source.number, at=source.at, by=source.by_name
            ),
            partial=standing.partial,
        )  # fmt: skip
