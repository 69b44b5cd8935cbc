"""Everything that happens by time: which app does it, and how often."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.contrib.sessions.backends.db import SessionStore

from errata.apps.automations import operations as automations
from errata.apps.automations.live import NAME as RULES
from errata.apps.clocks import operations as issue_clocks
from errata.apps.clocks.keeping import FOLLOWER as CLOCKS
from errata.apps.designations import operations as designations
from errata.apps.designations.following import NAME as DESIGNATIONS
from errata.apps.designations.scores import Rounds, follow_scores
from errata.apps.issues import operations as issues
from errata.apps.notices import operations as notices
from errata.apps.notices.listening import FOLLOWER as NOTICES
from errata.apps.notices.mailing import Site
from errata.apps.notices.spiking import Spikes
from errata.apps.progress import following as progress
from errata.apps.projects import operations as projects
from errata.apps.releases import operations as releases
from errata.apps.releases.hooks import DELIVERIES_KEPT
from errata.apps.retests import operations as retests
from errata.ops.aside import AsideCounts
from errata.ops.clock import Clock, Duty
from errata.ops.settings import Settings
from errata.ports import Ports

_HOUR_S = 3600.0
# After a start, so that upkeep never competes with the first requests.
_UPKEEP_FIRST_S = 60.0
# How long the accepted-and-dropped counts of each minute are kept: what the project page charts.
_COUNTS_KEPT = timedelta(days=90)
# How long the log tells what was sent, and a webhook can be replayed.
_DELIVERIES_KEPT = timedelta(days=30)
# How long the log of a rule tells what it didn't do: dry, or held back by a limit.
_IDLE_RUNS_KEPT = timedelta(days=30)
# How long the inbox shows what was done.
_DONE_KEPT = timedelta(days=180)
# How soon a spike is told, which takes ten minutes to be one.
_SPIKES_S = 60.0
# How late what was snoozed may come back.
_SNOOZE_S = 15.0
# How soon who follows the activities hears of one. A look that finds nothing is two index look-ups.
FOLLOW_S = 0.5
_REVISIT_S = 30.0
# How soon a round over all scores begins once a template has changed. A look that finds nothing is one look-up.
_ROUNDS_S = 5.0
# How soon a deploy, a check or an event is judged. A look that finds nothing changed is three index look-ups.
_RETEST_S = 2.0
# How soon a new release is known from its events: before a person could ask for it.
_RELEASES_S = 15.0
# How soon a rule that goes by events fires. A look is two questions to the event store for each such rule.
_RULES_S = 5.0
# An escalation fires within five seconds of its time; a look that finds nothing is one index look-up.
_NOTICE_S = 1.0
# How soon clocks begin to be reckoned by another policy or calendar.
_RECOUNT_S = 5.0
# How soon what was set aside is in the metrics.
_ASIDE_S = 15.0


def clocks(settings: Settings, *, ports: Ports, aside: AsideCounts, now: Callable[[], datetime]) -> list[Clock]:
    """The clocks of an installation: what must be prompt never waits for what takes long."""
    return [
        Clock(prompt(), name="follow", now=now),
        Clock(outgoing(settings), name="outgoing", now=now),
        Clock(spikes(ports), name="spikes", now=now),
        Clock(retesting(), name="retest", now=now),
        Clock(
            [*upkeep(settings, ports), Duty("count_set_aside", aside.look, every_s=_ASIDE_S)], name="upkeep", now=now
        ),
    ]


def prompt() -> list[Duty]:
    """What must happen within seconds: following activities, noticing what is due."""
    return [
        Duty("rank", follow_scores, every_s=FOLLOW_S),
        _following("designate", designations.Designating().turn, DESIGNATIONS),
        _following("progress", progress.follow, progress.NAME),
        _following("follow_rules", automations.follow, RULES),
        _following("notices", lambda at: notices.listen(at=at), NOTICES),
        Duty("wake_snoozed", lambda at: notices.wake_snoozed(at=at), every_s=_SNOOZE_S),
        _following("follow_clocks", lambda at: issue_clocks.follow(at=at), CLOCKS),
        Duty("notice_clocks", lambda at: issue_clocks.notice(at=at), every_s=_NOTICE_S),
        Duty("ring_chains", lambda at: issue_clocks.ring(at=at), every_s=_NOTICE_S),
        Duty("recount_clocks", issue_clocks.Recounting().turn, every_s=_RECOUNT_S),
    ]


def _following(name: str, run: Callable[[datetime], object], follower: str) -> Duty:
    """Follow the activities, around what trips the follower. Scores needn't: they are reckoned behind their place."""

    def stumbled(tries: int, reason: str, at: datetime) -> bool:
        return issues.stumbled(follower, tries=tries, reason=reason, at=at)

    return Duty(name, run, every_s=FOLLOW_S, stumbled=stumbled)


def outgoing(settings: Settings) -> list[Duty]:
    """What leaves for other people's servers, which are slow when they like: it has a clock of its own."""
    site = Site(url=settings.public_url, mail_from=settings.mail_from, reply_domain=settings.mail_in_domain)
    return [Duty("outbox", lambda at: notices.deliver_due(at=at, site=site), every_s=FOLLOW_S)]


def spikes(ports: Ports) -> list[Duty]:
    """What asks the event store every minute how fast events come."""
    return [Duty("look_for_spikes", Spikes(lambda: ports.events).look, every_s=_SPIKES_S, first_s=_SPIKES_S)]


def retesting() -> list[Duty]:
    """What looks at releases and judges fixes: prompt, but with questions to the event store, so on its own clock."""
    return [
        Duty("follow_mentions", lambda at: retests.follow_mentions(at=at), every_s=FOLLOW_S),
        Duty("watch_retests", lambda at: retests.watch(at=at), every_s=_RETEST_S),
        Duty("look_for_rules", automations.look, every_s=_RULES_S),
        Duty("look_for_releases", lambda at: releases.look_at_events(at=at), every_s=_RELEASES_S, first_s=_RELEASES_S),
    ]


def upkeep(settings: Settings, ports: Ports) -> list[Duty]:
    """What must happen within the day: retention, and slices of long work."""
    kept = timedelta(days=settings.retention_events_days)

    def hourly(name: str, run: Callable[[datetime], object]) -> Duty:
        return Duty(name, run, every_s=_HOUR_S, first_s=_UPKEEP_FIRST_S)

    return [
        # Issues that came while the event store was away, and got nobody for want of it.
        Duty("designate_again", designations.revisit, every_s=_REVISIT_S, first_s=_REVISIT_S),
        hourly("drop_old_events", lambda at: ports.events.drop_before(received=at - kept)),
        hourly("forget_done", lambda at: notices.forget_done(before=at - _DONE_KEPT)),
        hourly("forget_deliveries", lambda at: notices.forget(before=at - _DELIVERIES_KEPT)),
        hourly("forget_idle_runs", lambda at: automations.forget_idle_runs(before=at - _IDLE_RUNS_KEPT)),
        hourly("forget_webhooks", lambda at: releases.forget_deliveries(before=at - DELIVERIES_KEPT)),
        hourly("forget_counts", lambda at: projects.purge_intake_counts(before=at - _COUNTS_KEPT)),
        hourly("forget_sessions", lambda _: SessionStore.clear_expired()),
        hourly("purge_projects", lambda _: issues.purge_deleted_projects() > 0),
        hourly("learn_clocks", lambda at: issue_clocks.learn_due(at=at)),
        Duty("rank_all", Rounds().slice, every_s=_ROUNDS_S, first_s=_ROUNDS_S),
    ]
