"""Workflows to begin from, beside the default one: each with the issue types, fields and arrivals that go with it."""

import msgspec

from errata.core.arrivals import DEFAULT_ARRIVALS, ArrivalRules
from errata.core.fields import CustomField
from errata.core.workflow.default import DEFAULT, REASONS
from errata.core.workflow.types import Action, Effect, Requirement, Rule, Stage, Workflow


class Blueprint(msgspec.Struct, frozen=True):
    slug: str
    summary: str
    workflow: Workflow
    fields: tuple[CustomField, ...] = ()
    arrivals: ArrivalRules = DEFAULT_ARRIVALS


_LASTING = ("duplicate", "won't fix", "works as intended")
_ASSIGNEE = Requirement(("assignee",), "Say who takes it.")
_WHY = Requirement(("reason", "comment"), "Say why.", REASONS)
_CLEAN: tuple[Effect, ...] = ("clear_regressed",)
_AGAIN: tuple[Effect, ...] = ("clear_reason", "mark_regressed")


def _drop(sources: tuple[str, ...], to: str, label: str) -> Rule:
    return Rule("drop", label, sources, to, requires=(_WHY,), effects=("keep_reason", "clear_regressed"))


def _reopen(sources: tuple[str, ...], to: str) -> Rule:
    return Rule("reopen", "Reopen", sources, to, effects=("clear_reason",))


def _recur(sources: tuple[str, ...], to: str) -> Rule:
    return Rule("regress", "It happened again", sources, to, effects=_AGAIN, by=("system",), on="recurrence")


_SIMPLE = Workflow(
    name="Simple",
    version=1,
    stages=(Stage("Open", "new", "To be done."), Stage("Closed", "closed", "Done, or not going to be.")),
    rules=(
        Rule("close", "Close", ("Open",), "Closed", effects=_CLEAN),
        _drop(("Open",), "Closed", "Close without a fix"),
        _reopen(("Closed",), "Open"),
        _recur(("Closed",), "Open"),
    ),
    lasting_reasons=_LASTING,
)

_SOFTWARE = Workflow(
    name="Software",
    version=1,
    types=("Task", "Bug", "Story", "Epic", "Sub-task"),
    stages=(
        Stage("To Do", "new", "Agreed on, and nobody works on it yet."),
        Stage("In Progress", "active", "Somebody works on it."),
        Stage("Done", "closed", "Finished. A recurrence sends it back to To Do."),
    ),
    rules=(
        Rule("start", "Start", ("To Do",), "In Progress"),
        Rule("finish", "Done", ("To Do", "In Progress"), "Done", effects=_CLEAN),
        Rule("stop", "Back to To Do", ("In Progress",), "To Do"),
        _drop(("To Do", "In Progress"), "Done", "Close without doing it"),
        _reopen(("Done",), "To Do"),
        _recur(("Done",), "To Do"),
    ),
    lasting_reasons=_LASTING,
)

_KANBAN = Workflow(
    name="Kanban",
    version=1,
    stages=(
        Stage("Backlog", "new", "An idea, not agreed on yet."),
        Stage("Ready", "new", "Agreed on, and next in line."),
        Stage("Doing", "active", "Somebody works on it."),
        Stage("Review", "verify", "Somebody else looks at it."),
        Stage("Done", "closed", "Finished. A recurrence sends it back to Ready."),
    ),
    rules=(
        Rule("plan", "Make ready", ("Backlog",), "Ready"),
        Rule("start", "Start", ("Backlog", "Ready"), "Doing", requires=(_ASSIGNEE,)),
        Rule("review", "Ask for review", ("Doing",), "Review"),
        Rule("approve", "Approve", ("Review",), "Done", effects=_CLEAN, guards=("other",)),
        Rule(
            "reject",
            "Needs changes",
            ("Review",),
            "Doing",
            requires=(Requirement(("comment",), "Say what to change."),),
        ),
        Rule("shelve", "Back to the backlog", ("Ready", "Doing"), "Backlog", effects=("clear_assignee",)),
        _drop(("Backlog", "Ready", "Doing", "Review"), "Done", "Close without doing it"),
        _reopen(("Done",), "Ready"),
        _recur(("Done",), "Ready"),
    ),
    lasting_reasons=_LASTING,
)

_INCIDENT = Workflow(
    name="Incident",
    version=1,
    types=("Incident", "Follow-up"),
    stages=(
        Stage("Reported", "new", "Somebody or something says that it is broken."),
        Stage("Investigating", "active", "Somebody leads, and looks for the cause."),
        Stage("Identified", "active", "The cause is known, and a remedy under way."),
        Stage("Monitoring", "verify", "The remedy is in, and is being watched."),
        Stage("Resolved", "done", "Customers are well again. What was learnt is still to be written down."),
        Stage("Closed", "closed", "Written down and finished."),
    ),
    rules=(
        Rule("assign", "Acknowledge", ("Reported",), "Investigating", requires=(_ASSIGNEE,)),
        Rule(
            "identify",
            "Cause found",
            ("Investigating",),
            "Identified",
            requires=(Requirement(("comment",), "Say what the cause is."),),
        ),
        Rule("monitor", "Remedy is in", ("Investigating", "Identified"), "Monitoring"),
        Rule("resolve", "Resolved", ("Monitoring",), "Resolved", effects=_CLEAN),
        Rule(
            "relapse",
            "Not over yet",
            ("Monitoring", "Resolved"),
            "Investigating",
            actions=(Action("set_priority", "High"),),
        ),
        Rule(
            "close",
            "Close",
            ("Resolved",),
            "Closed",
            requires=(
                Requirement(("field.post_mortem", "comment"), "Link the post-mortem, or say why there is none."),
            ),
        ),
        _drop(("Reported", "Investigating", "Identified", "Monitoring"), "Closed", "False alarm"),
        _reopen(("Closed",), "Investigating"),
        _recur(("Resolved", "Closed"), "Reported"),
    ),
    lasting_reasons=("duplicate", "works as intended"),
)

_HELPDESK = Workflow(
    name="Helpdesk",
    version=1,
    types=("Question", "Problem", "Request", "Inquiry"),
    stages=(
        Stage("New", "new", "Nobody has answered yet."),
        Stage("Open", "active", "It is our turn."),
        Stage("Pending", "active", "It is the customer's turn."),
        Stage("On hold", "active", "Somebody else's turn: a supplier, another team."),
        Stage("Solved", "done", "Answered. The customer may still say no."),
        Stage("Closed", "closed", "Over."),
    ),
    rules=(
        Rule("assign", "Take", ("New",), "Open", requires=(_ASSIGNEE,)),
        Rule("wait", "Ask the customer", ("New", "Open"), "Pending", requires=(_ASSIGNEE,)),
        Rule(
            "hold",
            "Put on hold",
            ("Open", "Pending"),
            "On hold",
            requires=(Requirement(("comment",), "Say what it waits for."),),
        ),
        Rule("continue", "Back to us", ("Pending", "On hold"), "Open"),
        Rule("solve", "Solve", ("Open", "Pending"), "Solved", requires=(_ASSIGNEE,), effects=_CLEAN),
        Rule("close", "Close", ("Solved",), "Closed"),
        Rule("return", "Return to New", ("Open",), "New", effects=("clear_assignee",)),
        _drop(("New", "Open", "Pending", "On hold"), "Closed", "Close without an answer"),
        _reopen(("Solved", "Closed"), "Open"),
        _recur(("Solved", "Closed"), "Open"),
    ),
    lasting_reasons=_LASTING,
)

_VULNERABILITY = Workflow(
    name="Vulnerability",
    version=1,
    types=("Security", "Compliance"),
    stages=(
        Stage("Reported", "new", "Not judged yet."),
        Stage("Triaged", "active", "It is real, rated, and somebody's."),
        Stage("Fixing", "active", "A fix is being made."),
        Stage("Verifying", "verify", "Somebody else tries to break it again."),
        Stage("Fixed", "done", "The fix is out and holds."),
        Stage("Accepted", "closed", "A risk that is taken, with a reason."),
        Stage("Closed", "closed", "Published, or nothing to publish."),
    ),
    rules=(
        Rule("assign", "Triage", ("Reported",), "Triaged", requires=(_ASSIGNEE,)),
        Rule("fix", "Begin the fix", ("Triaged",), "Fixing"),
        Rule("verify", "Have it verified", ("Fixing",), "Verifying"),
        Rule("pass", "It holds", ("Verifying",), "Fixed", guards=("other",), effects=_CLEAN),
        Rule(
            "fail",
            "It doesn't hold",
            ("Verifying",),
            "Fixing",
            requires=(Requirement(("comment",), "Say how it breaks."),),
        ),
        Rule(
            "accept",
            "Accept the risk",
            ("Triaged", "Fixing"),
            "Accepted",
            guards=("admin",),
            requires=(Requirement(("comment",), "Say why the risk can be taken, and until when."),),
        ),
        Rule("close", "Close", ("Fixed",), "Closed"),
        _drop(("Reported", "Triaged"), "Closed", "Not a vulnerability"),
        _reopen(("Fixed", "Accepted", "Closed"), "Triaged"),
        _recur(("Fixed", "Closed"), "Triaged"),
    ),
    lasting_reasons=("duplicate", "works as intended"),
)

GALLERY: tuple[Blueprint, ...] = (
    Blueprint("errata", "Six stages with a retest: nothing is fixed before somebody has checked it.", DEFAULT),
    Blueprint("simple", "Open and closed. For lists that need no process.", _SIMPLE),
    Blueprint(
        "software",
        "To Do, In Progress, Done, with stories, epics and sub-tasks beside bugs.",
        _SOFTWARE,
        fields=(
            CustomField(
                "story_points",
                "Story points",
                "number",
                "How large it is, in the team's own measure.",
                types=("Story", "Bug", "Task"),
                workflows=("software",),
            ),
        ),
        arrivals=msgspec.structs.replace(DEFAULT_ARRIVALS, type="Bug", types={}),
    ),
    Blueprint("kanban", "A backlog, a review by somebody else, and few things at a time.", _KANBAN),
    Blueprint(
        "incident",
        "From the first report to the post-mortem, with a lead and customers in mind.",
        _INCIDENT,
        fields=(
            CustomField(
                "impact",
                "Impact",
                "choice",
                "What customers notice.",
                ("None", "Slow", "Partly down", "Down"),
                ("Incident",),
                ("Incident",),
                ("incident",),
            ),
            CustomField(
                "customers_affected", "Customers affected", "number", types=("Incident",), workflows=("incident",)
            ),
            CustomField(
                "post_mortem",
                "Post-mortem",
                "url",
                "Where it is written down what was learnt.",
                types=("Incident",),
                workflows=("incident",),
            ),
        ),
        arrivals=msgspec.structs.replace(DEFAULT_ARRIVALS, type="Incident", types={}),
    ),
    Blueprint(
        "helpdesk",
        "Whose turn it is: ours, the customer's, or somebody else's.",
        _HELPDESK,
        fields=(
            CustomField("customer", "Customer", "text", "Who asks.", workflows=("helpdesk",)),
            CustomField(
                "channel",
                "Channel",
                "choice",
                "How it reached us.",
                ("E-mail", "Telephone", "Chat", "Form"),
                workflows=("helpdesk",),
            ),
        ),
        arrivals=msgspec.structs.replace(DEFAULT_ARRIVALS, type="Problem", types={}),
    ),
    Blueprint(
        "vulnerability",
        "Triaged, fixed, verified by somebody else; risks are accepted by name.",
        _VULNERABILITY,
        fields=(
            CustomField("cve", "CVE", "text", types=("Security",), workflows=("vulnerability",)),
            CustomField("cvss", "CVSS", "number", "0 to 10.", types=("Security",), workflows=("vulnerability",)),
            CustomField(
                "disclosure",
                "Disclosure",
                "date",
                "When it may be spoken of.",
                types=("Security",),
                workflows=("vulnerability",),
            ),
        ),
        arrivals=msgspec.structs.replace(DEFAULT_ARRIVALS, type="Security", types={}),
    ),
)


def find_blueprint(slug: str) -> Blueprint | None:
    """The gallery's workflow of that name."""
    wanted = slug.strip().casefold()
    return next((found for found in GALLERY if wanted in (found.slug, found.workflow.name.casefold())), None)
