"""Writes of retests: what is linked, what is judged, and the moves that follow from it."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog

from errata.apps.accounts import queries as accounts
from errata.apps.accounts.permissions import allow
from errata.apps.accounts.queries import system_actor
from errata.apps.accounts.types import Actor
from errata.apps.audit import operations as audit
from errata.apps.issues import operations as issues
from errata.apps.issues import queries as issue_queries
from errata.apps.issues.types import IssueDetail, Verified
from errata.apps.records import RecordsBusy, storable, together, write
from errata.apps.releases import operations as release_operations
from errata.apps.releases import queries as releases
from errata.apps.releases.types import CommitIn, CommitView, MentionView
from errata.apps.retests.gathering import Gathered, gather
from errata.apps.retests.models import FixLink, Judgement, MentionPlace
from errata.core.errors import Refusal
from errata.core.retest import Proof, Verdict, judge
from errata.core.workflow import TransitionRefused

# What changed is looked at in the duty's next turn; what didn't, this often: time alone may prove a fix.
STALE = timedelta(minutes=1)
# A slice of the duty: some 20 ms each, half of that in the event store.
SLICE = 20
_CATEGORY_OF_FAILURE = "active"

log = structlog.get_logger(__name__)


class FixRefused(Refusal):
    """What is named can't be linked as a fix."""

    code = "fix_refused"
    status = 422


class FixNotFound(Refusal):
    """The issue has no such link."""

    code = "fix_not_found"
    status = 404


def link_fix(
    *,
    key: str,
    by: Actor,
    at: datetime,
    commit: str = "",
    repository: str = "",
    release: str = "",
    check: str = "",
) -> None:
    """Link a commit, a release or a check as an issue's fix; the retest then asks for its proof."""
    allow(by, "issue:write")
    commit, release, check = (storable(text).strip() for text in (commit, release, check))
    if sum(map(bool, (commit, release, check))) != 1:
        msg = "Link one thing at a time: a commit, a release or a check."
        raise FixRefused(msg, field="commit")
    detail = issue_queries.issue(actor=by, key=key)
    with together():
        fields: dict[str, Any]
        if commit:
            found = _commit(commit, repository, by=_teller(by), at=at)
            release_operations.note_fix(commit=found, key=detail.key, at=at)
            fields = {"commit_id": found.id, "title": found.title, "url": found.url}
        elif release:
            made = release_operations.create_release(version=release, by=_teller(by), at=at)
            fields = {"release_id": made.id, "title": made.version, "url": made.url}
        else:
            fields = {"check_name": check[:200], "title": check[:200], "url": ""}
        _link(detail, fields, by=by, at=at)


def unlink_fix(*, key: str, link_id: int, by: Actor, at: datetime) -> None:
    """Take a link away."""
    allow(by, "issue:write")
    detail = issue_queries.issue(actor=by, key=key)
    with together():
        row = FixLink.objects.filter(id=link_id, issue_id=detail.row.id).first()
        if row is None:
            msg = f"{detail.key} has no link {link_id} to a fix."
            raise FixNotFound(msg, link=link_id)
        title = row.title
        if row.commit_id:
            release_operations.forget_fix(commit_id=row.commit_id, key=detail.key)
        row.delete()
        audit.record(by=by, action="issue.fix_unlinked", target=detail.key, at=at, before={"fix": title})
        _expire(detail.row.id)
        _note_links(detail.row.id, at=at)


def follow_mentions(*, at: datetime, limit: int = 50) -> bool:
    """Link what commits and merged pull requests say to fix, and send those issues to their retest. Whether more."""
    place = MentionPlace.objects.filter(id=1).values_list("mention_id", flat=True).first() or 0
    found = releases.mentions_since(place, limit=limit)
    if not found:
        return False
    with together():
        for mention in found:
            try:
                _follow(mention, at=at)
            except Refusal as refusal:  # of this mention alone: the others are followed
                log.warning("a mention can't be followed", issue=mention.issue_key, error=refusal.message)
        MentionPlace.objects.update_or_create(id=1, defaults={"mention_id": found[-1].id})
    return len(found) == limit


def watch(*, at: datetime) -> bool:
    """Judge the issues in retest of which something changed, or that wait for time alone. Whether more are due."""
    ledger = releases.newest_change()
    verified = issue_queries.verifying()
    known = {
        row.issue_id: row for row in Judgement.objects.filter(issue_id__in=[one.id for one in verified]).defer("body")
    }
    due = [one for one in verified if _is_due(one, known.get(one.id), ledger=ledger, at=at)]
    judged = 0
    for one in due:
        if judged == SLICE:
            return True
        judged += _is_judged(one, ledger=ledger, at=at)
    return False


def _is_judged(one: Verified, *, ledger: int, at: datetime) -> bool:
    """Judge an issue. A refusal is of that issue alone: it takes no place of the slice, and the others are judged."""
    try:
        judge_issue(one, ledger=ledger, at=at)
    except RecordsBusy:
        raise  # for all of them
    except Refusal as refusal:
        log.warning("an issue in retest can't be judged", issue=one.key, error=refusal.message)
        return False
    return True


def judge_issue(one: Verified, *, ledger: int, at: datetime) -> Verdict | None:
    """Judge an issue's fix by all that is known now, and move the issue if that decides it. Raises StoreUnavailable."""
    actor = system_actor(one.organization_id)
    rows = issue_queries.issues_by_keys(actor=actor, keys=[one.key])
    if not rows:
        return None
    row = rows[0]
    gathered = gather(actor, row, entered=row.stage_changed_at, now=at)
    verdict = judge(gathered.facts)
    with together():
        if set(FixLink.objects.filter(issue_id=row.id).values_list("id", flat=True)) != gathered.links:
            return None  # what its fix is has changed meanwhile: the next look judges that
        issues.note_proof(
            row.id,
            needed=verdict.needed,
            held=verdict.held,
            carriers=gathered.carriers,
            without=gathered.without,
            at=at,
        )
        body = msgspec.to_builtins(verdict) | {"carriers": gathered.carriers}
        values = {"outcome": verdict.outcome, "body": body, "entered": row.stage_changed_at, "ledger": ledger, "at": at}
        seq = issues.note_shown(row.id) if _looks_different(row.id, verdict) else row.seq
        Judgement.objects.update_or_create(issue_id=row.id, defaults=values | {"seq": seq})
        if verdict.outcome != "wait":
            _decide(one, verdict, gathered, by=actor, at=at, version=row.version)
    return verdict


def _looks_different(issue_id: int, verdict: Verdict) -> bool:
    """Whether a page that shows the last verdict should show this one: not for a minute less to wait."""
    known = Judgement.objects.filter(issue_id=issue_id).values_list("body", flat=True).first()
    if known is None:
        return True
    shown = [_told(proof["name"], proof["state"], proof["words"]) for proof in known["proofs"]]
    return shown != [_told(proof.name, proof.state, proof.words) for proof in verdict.proofs]


def _told(name: str, state: str, words: str) -> tuple[str, str]:
    """What of a proof is news: of silence the state alone, whose words are of the time."""
    return state, "" if name == "silent" else words


def _is_due(one: Verified, known: Judgement | None, *, ledger: int, at: datetime) -> bool:
    if known is None or known.entered != one.since:
        return True
    return known.seq < one.seq or known.ledger < ledger or known.at <= at - STALE


def _decide(one: Verified, verdict: Verdict, gathered: Gathered, *, by: Actor, at: datetime, version: int) -> None:
    detail = issue_queries.issue(actor=by, key=one.key)
    move = _move(detail, passed=verdict.outcome == "pass")
    if move is None or detail.row.version != version:
        return  # its workflow has no such move, or somebody was quicker: the next look judges anew
    evidence = _evidence(verdict, gathered)
    try:
        issues.transition_issue(key=one.key, to=move, by=by, at=at, evidence=evidence, version=version)
    except Refusal as refusal:  # the verdict stands; a person, or the next look, takes it from here
        log.warning("an issue can't be moved by its verdict", issue=one.key, to=move, error=refusal.message)


def _move(detail: IssueDetail, *, passed: bool) -> str | None:
    """The workflow's move that a verdict asks for: to what is done, or back to work."""
    open_moves = [move for move in detail.moves if move.allowed and not move.needs]
    if passed:
        return next((move.name for move in open_moves if move.category == "done"), None)
    named = next((move.name for move in open_moves if move.name == "fail"), None)
    return named or next((move.name for move in open_moves if move.category == _CATEGORY_OF_FAILURE), None)


def _evidence(verdict: Verdict, gathered: Gathered) -> dict[str, Any]:
    """The verdict as the issue's activity and the audit log keep it."""
    evidence: dict[str, Any] = {
        "outcome": verdict.outcome,
        "words": verdict.words,
        "proofs": [_proof(proof) for proof in verdict.proofs if proof.state != "none"],
        "fixed_in": gathered.carriers[:10],
    }
    silent = verdict.proofs[2]
    if silent.state == "fail":
        evidence |= {name: silent.numbers[name] for name in ("event_id", "release", "environment", "events")}
    return evidence


def _proof(proof: Proof) -> dict[str, Any]:
    return {"name": proof.name, "state": proof.state, "words": proof.words, "numbers": dict(proof.numbers)}


def _follow(mention: MentionView, *, at: datetime) -> None:
    """Link one mention; one whose issue isn't here says nothing."""
    actor = system_actor(mention.organization_id)
    try:
        detail = issue_queries.issue(actor=actor, key=mention.issue_key)
    except issues.IssueNotFound:
        return
    if detail.merged_into:
        detail = issue_queries.issue(actor=actor, key=detail.merged_into)
    commit = mention.commit
    fields = {"commit_id": commit.id, "title": mention.title or commit.title, "url": mention.url or commit.url}
    if _link(detail, fields, by=actor, at=at):
        _send_to_retest(detail, mention, by=actor, at=at)


def _send_to_retest(detail: IssueDetail, mention: MentionView, *, by: Actor, at: datetime) -> None:
    """A fix landed: what is worked on goes to its retest, a new issue through its author's hands if they are ours."""
    commit = mention.commit
    evidence = {
        "words": f"{commit.short} of {commit.repository} says that it fixes this.",
        "commit": commit.sha,
        "repository": commit.repository,
        "title": mention.title,
        "url": mention.url or commit.url,
    }
    if detail.row.category not in {"new", "active"}:
        return
    try:
        if detail.row.assignee is None:
            if "@" not in commit.author_email:
                return  # a number would be taken for somebody's id
            person = accounts.person(actor=by, who=commit.author_email)
            issues.assign_issue(key=detail.key, to=person.id, by=by, at=at)
        moves = issue_queries.issue(actor=by, key=detail.key).moves
        move = next((one.name for one in moves if one.allowed and one.category == "verify" and not one.needs), None)
        if move:
            issues.transition_issue(key=detail.key, to=move, by=by, at=at, evidence=evidence)
    except (TransitionRefused, accounts.PersonNotFound):
        return  # linked all the same: a person takes it from here


def _link(detail: IssueDetail, fields: dict[str, Any], *, by: Actor, at: datetime) -> bool:
    values = {"check_name": "", "by_name": storable(by.name)[:254], "at": at} | fields
    same = {name: values[name] for name in ("commit_id", "release_id", "check_name") if values.get(name)}
    with write():
        if FixLink.objects.filter(issue_id=detail.row.id, **same).exists():
            return False
        FixLink.objects.create(issue_id=detail.row.id, **values)
        audit.record(by=by, action="issue.fix_linked", target=detail.key, at=at, after={"fix": values["title"]})
        _expire(detail.row.id)
        _note_links(detail.row.id, at=at)
        return True


def _expire(issue_id: int) -> None:
    """Judge it again in the next turn: what its fix is has changed."""
    Judgement.objects.filter(issue_id=issue_id).update(ledger=-1)


def _note_links(issue_id: int, *, at: datetime) -> None:
    """Until it is judged, the proof that the links ask for is missing: nobody shall slip through in between."""
    rows = list(FixLink.objects.filter(issue_id=issue_id))
    needed = {"released"} if any(row.commit_id or row.release_id for row in rows) else set()
    if any(row.check_name for row in rows):
        needed.add("checked")
    issues.note_proof(issue_id, needed=needed, held=(), at=at)


def _commit(sha: str, repository: str, *, by: Actor, at: datetime) -> CommitView:
    found = releases.commit(actor=by, sha=sha, repository="" if _unknown(repository, by) else repository)
    if found is not None and (not repository or found.repository == repository):
        return found
    if not repository:
        msg = f"No commit {sha} is known. Name its repository, and it can be linked before it is told of."
        raise FixRefused(msg, field="repository")
    told = [CommitIn(sha=sha)]
    return release_operations.tell_commits(repository=repository, commits=told, landed=False, by=by, at=at)[0]


def _unknown(repository: str, by: Actor) -> bool:
    return repository not in {one.name for one in releases.list_repositories(actor=by)}


def _teller(by: Actor) -> Actor:
    """Linking includes naming: who may write issues needs no second scope for a commit or release nobody told of."""
    return msgspec.structs.replace(by, scopes=None)
