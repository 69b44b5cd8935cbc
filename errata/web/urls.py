"""The pages' addresses."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from errata.web import palette, small
from errata.web.account import views as account
from errata.web.agenda import views as agenda
from errata.web.audit import views as audit
from errata.web.automations import views as automations
from errata.web.board import views as board
from errata.web.calendars import views as calendars
from errata.web.clocks import views as clocks
from errata.web.designations import people as colleagues
from errata.web.designations import views as designations
from errata.web.entry import views as entry
from errata.web.inbox import views as inbox
from errata.web.issues import changes, exports, page, parts, retest, saved, stream, writing
from errata.web.notices import views as notices
from errata.web.people import views as people
from errata.web.process import ranking
from errata.web.process import views as process
from errata.web.progress import views as progress
from errata.web.projects import start
from errata.web.projects import views as projects
from errata.web.releases import views as releases
from errata.web.workflows import views as workflows
from errata.web.workflows import vocabulary


class IssueKey(StringConverter):
    """`PAY-142`."""

    regex = r"[A-Za-z][A-Za-z0-9]*-[0-9]+"


register_converter(IssueKey, "issue_key")

urlpatterns = [
    path("", small.home, name="home"),
    path("favicon.svg", small.favicon, name="favicon"),
    path("manifest.webmanifest", small.manifest, name="manifest"),
    path("live/", small.live_stream, name="live"),
    path("live/poll/", small.live_poll, name="live-poll"),
    path("palette/", palette.palette, name="palette"),
    path("preview/", small.preview, name="preview"),
    path("setup/", entry.setup, name="setup"),
    path("signin/", entry.signin, name="signin"),
    path("signout/", entry.signout, name="signout"),
    path("reset/", entry.reset, name="reset"),
    path("reset/<str:token>/", entry.new_password, name="new-password"),
    path("invitation/<str:token>/", entry.invitation, name="invitation"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/act/", inbox.act, name="inbox-act"),
    path("inbox/read/<issue_key:key>/", inbox.read, name="inbox-read"),
    path("issues/", stream.stream, name="issues"),
    path("issues/rows/", stream.rows, name="issues-rows"),
    path("issues/fresh/", stream.fresh, name="issues-fresh"),
    path("issues/complete/", stream.complete, name="issues-complete"),
    path("issues/people/", stream.people, name="people-named"),
    path("issues/views/", saved.save_view, name="issues-save-view"),
    path("issues/views/<int:view_id>/delete/", saved.delete_view, name="issues-delete-view"),
    path("issues/export/", exports.export, name="issues-export"),
    path("issues/keys/", stream.keys, name="issues-keys"),
    path("board/", board.page, name="board"),
    path("board/lane/", board.lane, name="board-lane"),
    path("board/more/", board.more, name="board-more"),
    path("board/cards/", board.cards, name="board-cards"),
    path("board/ask/", board.ask, name="board-ask"),
    path("board/move/", board.move, name="board-move"),
    path("me/", agenda.me, name="me"),
    path("calendar/", agenda.calendar, name="calendar"),
    path("issues/new/", writing.new, name="issue-new"),
    path("issues/new/words/", writing.new_words, name="issue-new-words"),
    path("issues/change/", changes.change, name="issues-change"),
    path("issues/undo/", changes.undo, name="issues-undo"),
    path("issues/pick/<str:field>/", changes.pick, name="issues-pick"),
    path("issues/<issue_key:key>/", page.issue, name="issue"),
    path("issues/<issue_key:key>/suggestion/", designations.suggestion, name="issue-suggestion"),
    path("issues/<issue_key:key>/watch/", inbox.watch, name="issue-watch"),
    path("issues/<issue_key:key>/comments/", writing.comment, name="issue-comment"),
    path("issues/<issue_key:key>/clocks/", clocks.explain, name="issue-clocks"),
    path("issues/<issue_key:key>/acknowledge/", clocks.acknowledge, name="issue-acknowledge"),
    path("issues/<issue_key:key>/wait/", clocks.wait, name="issue-wait"),
    path("issues/<issue_key:key>/parent/", parts.parent, name="issue-parent"),
    path("issues/<issue_key:key>/rank/", ranking.why, name="issue-rank"),
    path("issues/<issue_key:key>/links/", writing.link, name="issue-link"),
    path("issues/<issue_key:key>/links/<int:link_id>/", writing.unlink, name="issue-unlink"),
    path("issues/<issue_key:key>/fixes/", retest.link, name="issue-fix"),
    path("issues/<issue_key:key>/fixes/<int:link_id>/", retest.unlink, name="issue-unfix"),
    path("issues/<issue_key:key>/events/<str:event_id>/", page.issue, name="event"),
    path("issues/<issue_key:key>/events/<str:event_id>/json/", page.raw, name="event-raw"),
    path("issues/<issue_key:key>/events/<str:event_id>/markdown/", page.report, name="event-markdown"),
    path("issues/<issue_key:key>/events/<str:event_id>/files/<path:name>", page.attachment, name="event-file"),
    path("sla/", clocks.sla, name="sla"),
    path("sla/forecast/", clocks.forecast, name="sla-forecast"),
    path("calendars/", calendars.list_, name="calendars"),
    path("calendars/new/", calendars.new, name="calendar-new"),
    path("calendars/<slug:slug>/", calendars.edit, name="calendar"),
    path("calendars/<slug:slug>/delete/", calendars.delete, name="calendar-delete"),
    path("projects/", projects.list_, name="projects"),
    path("projects/new/", projects.new, name="project-new"),
    path("projects/<slug:slug>/", projects.general, name="project"),
    path("projects/<slug:slug>/keys/", projects.keys, name="project-keys"),
    path("projects/<slug:slug>/keys/new/", projects.new_key, name="project-key-new"),
    path("projects/<slug:slug>/keys/<int:key_id>/", projects.change_key, name="project-key"),
    path("projects/<slug:slug>/quotas/", projects.quotas, name="project-quotas"),
    path("projects/<slug:slug>/scrubbing/", projects.scrubbing, name="project-scrubbing"),
    path("projects/<slug:slug>/scrubbing/preview/", projects.scrub_preview, name="project-scrub-preview"),
    path("projects/<slug:slug>/archive/", projects.archive, name="project-archive"),
    path("projects/<slug:slug>/delete/", projects.delete, name="project-delete"),
    path("projects/<slug:slug>/start/", start.start, name="project-start"),
    path("projects/<slug:slug>/start/look/", start.look, name="project-look"),
    path("projects/<slug:slug>/start/sample/", start.sample, name="project-sample"),
    path("releases/", releases.list_, name="releases"),
    path("releases/repositories/", releases.repositories, name="repositories"),
    path("releases/repositories/<int:number>/secret/", releases.renew_secret, name="repository-secret"),
    path("releases/repositories/<int:number>/delete/", releases.delete_repository, name="repository-delete"),
    path("releases/version/<path:version>/", releases.release, name="release"),
    path("process/workflows/", workflows.list_, name="workflows"),
    path("process/workflows/new/", workflows.new, name="workflow-new"),
    path("process/workflows/<slug:slug>/", workflows.workflow, name="workflow"),
    path("process/workflows/<slug:slug>/design/", workflows.design, name="workflow-design"),
    path("process/workflows/<slug:slug>/drawn/", workflows.drawing, name="workflow-drawn"),
    path("process/workflows/<slug:slug>/adopt/", workflows.adopt, name="workflow-adopt"),
    path("process/workflows/<slug:slug>/archive/", workflows.archive, name="workflow-archive"),
    path("process/types/", vocabulary.types, name="issue-types"),
    path("process/fields/", vocabulary.fields, name="custom-fields"),
    path("process/fields/new/", vocabulary.field, name="custom-field-new"),
    path("process/fields/<slug:slug>/", vocabulary.field, name="custom-field"),
    path("process/arrivals/", vocabulary.arrivals, name="arrivals"),
    path("process/designation/", designations.index, name="designations"),
    path("process/designation/<slug:slug>/", designations.rules, name="designation"),
    path("process/designation/<slug:slug>/check/", designations.check, name="designation-check"),
    path("process/designation/<slug:slug>/try/", designations.trial, name="designation-try"),
    path("process/designation/<slug:slug>/apply/", designations.apply, name="designation-apply"),
    path("process/designation/<slug:slug>/codeowners/", designations.codeowners, name="designation-codeowners"),
    path("process/availability/", colleagues.people, name="designation-people"),
    path("process/availability/skills/", colleagues.skills, name="designation-skills"),
    path("process/availability/absences/", colleagues.absence, name="designation-absence"),
    path("process/availability/absences/<int:absence_id>/end/", colleagues.back, name="designation-back"),
    path("process/", process.process, name="process"),
    path("process/template/", process.template, name="process-template"),
    path("process/template/restore/", process.restore, name="process-restore"),
    path("process/ranking/", ranking.ranking, name="process-ranking"),
    path("process/ranking/try/", ranking.trial, name="process-ranking-try"),
    path("process/rules/", automations.index, name="rules"),
    path("process/rules/new/", automations.new, name="rule-new"),
    path("process/rules/try/", automations.trial, name="rule-trial"),
    path("process/rules/<int:rule_id>/", automations.rule, name="rule"),
    path("process/rules/<int:rule_id>/mode/", automations.mode, name="rule-mode"),
    path("process/rules/<int:rule_id>/delete/", automations.delete, name="rule-delete"),
    path("process/rules/<int:rule_id>/runs/<int:run_id>/undo/", automations.undo, name="rule-undo"),
    path("process/drift/", process.drift, name="process-drift"),
    path("process/gallery/", process.gallery, name="process-gallery"),
    path("process/gallery/ready/", process.ready, name="process-ready"),
    path("people/", people.people, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path("people/invitations/<int:invitation_id>/withdraw/", people.uninvite, name="uninvite"),
    path("people/<int:user_id>/role/", people.role, name="person-role"),
    path("people/<int:user_id>/active/", people.active, name="person-active"),
    path("teams/", people.teams, name="teams"),
    path("teams/<slug:slug>/", people.team, name="team"),
    path("progress/", progress.progress, name="progress"),
    path("audit/", audit.audit, name="audit"),
    path("audit/export/", audit.export, name="audit-export"),
    path("account/", account.account, name="account"),
    path("account/notifications/", notices.preferences, name="notifications"),
    path("account/notifications/subscribe/", notices.subscribe, name="subscribe"),
    path("channels/", notices.channels, name="channels"),
    path("channels/preview/", notices.preview, name="channel-preview"),
    path("channels/<int:channel_id>/", notices.channel, name="channel"),
    path("channels/<int:channel_id>/test/", notices.test, name="channel-test"),
    path("channels/<int:channel_id>/replay/", notices.replay, name="channel-replay"),
    path("channels/<int:channel_id>/delete/", notices.delete, name="channel-delete"),
    path("deliveries/", notices.deliveries, name="deliveries"),
    path("deliveries/<int:delivery_id>/", notices.delivery, name="delivery"),
    path("deliveries/<int:delivery_id>/resend/", notices.resend, name="delivery-resend"),
    path("unsubscribe/<str:token>/", notices.unsubscribe, name="unsubscribe"),
    path("account/tokens/", account.tokens, name="tokens"),
    path("account/tokens/<int:token_id>/revoke/", account.revoke, name="token-revoke"),
]
