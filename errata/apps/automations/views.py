"""From rows to what others may hold."""

from errata.apps.accounts.types import Actor
from errata.apps.automations.models import Automation, Run
from errata.apps.automations.types import AutomationView, RunView
from errata.core.automation import parse
from errata.core.errors import Refusal
from errata.core.numeral import whole_number


class AutomationNotFound(Refusal):
    """The organisation has no such rule."""

    code = "automation_not_found"
    status = 404


def by_name(actor: Actor, which: str) -> Automation:
    """A rule by its number or its name. Raises AutomationNotFound."""
    own = Automation.objects.filter(organization_id=actor.organization_id).select_related("project", "created_by")
    wanted = which.strip()
    number = whole_number(wanted)
    numbered = own.none() if number is None else own.filter(id=number)
    found = numbered.first() or own.filter(name__iexact=wanted).first()
    if found is None:
        raise AutomationNotFound(f"There is no rule “{wanted}”.", which=wanted)
    return found


def automation_view(row: Automation, *, runs: int = 0, acted_on: int = 0) -> AutomationView:
    """A rule as others see it."""
    last = row.runs.exclude(outcome="limited").order_by("-at").values_list("at", flat=True).first()
    return AutomationView(
        id=row.id, name=row.name, text=row.text, rule=parse(row.text, catalog=None), mode=row.mode,  # type: ignore[arg-type]  # a Mode
        project=row.project.slug if row.project else "", project_name=row.project.name if row.project else "",
        created_by=row.created_by.name if row.created_by else "", updated_at=row.updated_at, version=row.version,
        runs=runs, acted_on=acted_on, last_run_at=last,
    )  # fmt: skip


def run_view(run: Run) -> RunView:
    """A run as others see it."""
    return RunView(
        id=run.id, key=f"{run.issue.project.key}-{run.issue.number}", title=run.issue.title, cause=run.cause,
        at=run.at, outcome=run.outcome, did=run.did, undone_at=run.undone_at,  # type: ignore[arg-type]  # an Outcome
    )  # fmt: skip
