"""Templates in a terminal."""

from collections.abc import Callable, Mapping, Sequence

from errata.apps.designations.standings import Trial
from errata.apps.templates.types import DriftReport, Scope, TemplateView, VersionView
from errata.core.ranking import describe
from errata.core.template import FIELDS, ORIGIN_WORDS, FieldName, Template, print_duration
from errata.core.template.words import platform_words, rule_words, step_when, step_words, whom
from errata.ops.console import table


def described(view: TemplateView) -> str:
    """A template on a page of text, each field with where it comes from."""
    head = f"The template of {view.name}" + (f", version {view.number}" if view.number else "")
    blocks = [head]
    for name, field in FIELDS.items():
        source = view.sources[name]
        origin = f"{ORIGIN_WORDS[source.origin]}{f' {source.name}' if source.name else ''}"
        blocks.append(f"{field.title} (from {origin})\n{_indented(_FIELDS[name](view.template))}")
    return "\n\n".join(blocks)


def versions_text(versions: Sequence[VersionView]) -> str:
    """What was written down, newest first."""
    if not versions:
        return "Nothing was written down here yet: everything is inherited."
    blocks = [
        f"Version {each.number}, {each.at:%Y-%m-%d %H:%M} UTC, {each.by_name}{f': {each.note}' if each.note else ''}\n"
        + _indented(list(each.words))
        for each in versions
    ]
    return "\n\n".join(blocks)


def drift_text(report: DriftReport) -> str:
    """Who deviates, and in what."""
    blocks = [
        f"{place(each.scope, each.name)}\n"
        + _indented([difference.words for difference in each.differences] or ["Sets what it would inherit anyway."])
        for each in report.drifting
    ]
    agreeing = f"{report.agreeing} team(s) and project(s) follow the organisation’s template."
    return "\n\n".join([*blocks, agreeing])


def place(scope: Scope, name: str) -> str:
    """An organisation, team or project by its kind and name."""
    return f"{scope.kind.capitalize()} {name}"


def _maximum_time(template: Template) -> list[str]:
    policy = template.maximum_time
    rows = [
        (
            whom(target),
            *map(print_duration, (target.response_min, target.update_min, target.resolution_min)),
        )
        for target in policy.targets
    ]
    lines = (
        table(("issues", "response", "update", "resolution"), rows).splitlines() if rows else ["No time is promised."]
    )
    lines += [f"{step_when(step)}, {step_words(step)}." for step in policy.escalation]
    return lines


_FIELDS: Mapping[FieldName, Callable[[Template], list[str]]] = {
    "maximum_time": _maximum_time,
    "platform": lambda template: [platform_words(template.platform)],
    "ranking": lambda template: [f"{text}: {words}" for text, words in describe(template.ranking)],
    "designation": lambda template: [rule_words(rule) for rule in template.designation] or ["Nobody by rule."],
}


def _indented(lines: Sequence[str]) -> str:
    return "\n".join(f"  {line}" for line in lines)


def trial_text(trial: Trial) -> str:
    """What another basis for ranking would move, for a terminal."""
    where = "1 project" if trial.projects == 1 else f"{trial.projects} projects"
    lines = [f"{trial.moved} of {trial.issues} open issues would move, in {where}."]
    lines += ["These are the issues seen last; there are more."] if trial.cut else []
    lines += [trial.partial] if trial.partial else []
    for head, movers in (("up", trial.up), ("down", trial.down), ("first ten", trial.top)):
        rows = [(one.key, one.before, one.after, f"{one.score_after:.2f}", one.title[:60]) for one in movers]
        lines += ["", table((head, "place", "then", "score", "title"), rows)] if rows else []
    return "\n".join(lines)
