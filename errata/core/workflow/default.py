"""The six stages, and the moves between them, that every project starts with."""

from errata.core.workflow.types import Requirement, Rule, Stage, Workflow

REASONS = ("duplicate", "won't fix", "works as intended", "can't reproduce", "no longer relevant")

# The proofs of errata.core.retest: it runs where it happened, its checks are green, and it has been quiet for long
# enough to mean something.
EVIDENCE = ("released", "checked", "silent")

_ASSIGNEE = Requirement(("assignee",), "Say who takes it.")
_WHY_UNFIXED = Requirement(("reason", "comment"), "Say why it is closed without a fix.", REASONS)

DEFAULT = Workflow(
    name="Errata",
    version=1,
    stages=(
        Stage("New", "new", "Logged, and nobody has taken it up."),
        Stage("Assigned", "active", "Somebody holds it and works on it."),
        Stage("Revise", "active", "It came back: the retest failed, or it happened again."),
        Stage("Retest", "verify", "A fix is there and is being checked."),
        Stage("Fixed", "done", "The fix was checked. A recurrence sends it to Revise."),
        Stage("Closed", "closed", "Finished. A recurrence sends it to Revise."),
    ),
    rules=(
        Rule("assign", "Assign", ("New",), "Assigned", requires=(_ASSIGNEE,)),
        Rule("retest", "Send to retest", ("Assigned", "Revise"), "Retest", requires=(_ASSIGNEE,)),
        Rule("pass", "Passed: fixed", ("Retest",), "Fixed", effects=("clear_regressed",), evidence=EVIDENCE),
        Rule("fail", "Failed: revise", ("Retest",), "Revise"),
        Rule("withdraw", "Back to work", ("Retest",), "Assigned", requires=(_ASSIGNEE,)),
        Rule("rework", "Take up again", ("Revise",), "Assigned", requires=(_ASSIGNEE,)),
        Rule("return", "Return to New", ("Assigned", "Revise"), "New", effects=("clear_assignee",)),
        Rule("close", "Close", ("Fixed",), "Closed", effects=("clear_regressed",)),
        Rule(
            "dismiss",
            "Close without a fix",
            ("New", "Assigned", "Revise", "Retest"),
            "Closed",
            requires=(_WHY_UNFIXED,),
            effects=("keep_reason", "clear_regressed"),
        ),
        Rule("reopen", "Reopen", ("Fixed", "Closed"), "Revise", effects=("clear_reason",)),
        Rule(
            "regress",
            "It happened again",
            ("Fixed", "Closed"),
            "Revise",
            effects=("clear_reason", "mark_regressed"),
            by=("system",),
            on="recurrence",
        ),
    ),
    lasting_reasons=("duplicate", "won't fix", "works as intended"),
)
