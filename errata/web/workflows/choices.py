"""What the designer offers to choose from."""

from collections.abc import Sequence
from typing import Any

from errata.apps.workflows import queries
from errata.core.vocabulary import CATEGORIES
from errata.core.workflow import PROOF_WORDS
from errata.core.workflow.rules import FIELD
from errata.web.requests import ActorRequest
from errata.web.workflows.frame import GUARDS

EFFECTS = {
    "clear_assignee": "takes the assignee away",
    "keep_reason": "keeps the reason it was closed for",
    "clear_reason": "forgets the reason it was closed for",
    "mark_regressed": "marks it as come back",
    "clear_regressed": "clears that it came back",
}
ACTORS = {"person": "People", "token": "API tokens", "system": "Errata itself"}
ACTIONS = {
    "set_priority": "Set the priority to",
    "set_severity": "Set the severity to",
    "set_type": "Set the type to",
    "set_assignee": "Assign to",
    "set_deputy": "Make deputy",
    "set_field": "Set the field … to",
    "clear_assignee": "Take the assignee away",
    "clear_deputy": "Take the deputy away",
    "clear_field": "Clear the field",
    "add_label": "Add the label",
    "remove_label": "Remove the label",
    "comment": "Comment",
    "notify": "Tell",
}


def of(request: ActorRequest, *, chosen: Sequence[str]) -> dict[str, Any]:
    """The choices, with the organisation's own fields and types: those the draft has first, in the draft's order."""
    fields = [view.field for view in queries.list_fields(actor=request.actor)]
    return {
        "categories": CATEGORIES.items(),
        "guards": GUARDS.items(),
        "effects": EFFECTS.items(),
        "actors": ACTORS.items(),
        "actions": ACTIONS.items(),
        "proofs": PROOF_WORDS.items(),
        "types": list(
            dict.fromkeys(
                [*chosen, *(view.name for view in queries.list_types(actor=request.actor) if not view.archived)]
            )
        ),
        "asked": ["assignee", "comment", "reason", *(FIELD + field.slug for field in fields)],
        "own_fields": fields,
    }
