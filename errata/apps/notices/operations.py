"""Writes of notices, channels and preferences."""

from errata.apps.notices.inbox import (
    bring_back,
    done,
    forget_done,
    mark_issue_read,
    mark_read,
    mark_unread,
    mute,
    set_watch,
    snooze,
    subscribe,
    unmute,
    wake_snoozed,
)
from errata.apps.notices.listening import listen
from errata.apps.notices.outbox import forget, release
from errata.apps.notices.outbox_log import resend, resend_failed
from errata.apps.notices.replies import ReplyRefused, receive, takes
from errata.apps.notices.sending import deliver_due
from errata.apps.notices.stopping import stop
from errata.apps.notices.telling import notify, post
from errata.apps.notices.ways import create_channel, delete_channel, send_test, update_channel
from errata.apps.notices.wishes import set_preferences

__all__ = [
    "ReplyRefused",
    "bring_back",
    "create_channel",
    "delete_channel",
    "deliver_due",
    "done",
    "forget",
    "forget_done",
    "listen",
    "mark_issue_read",
    "mark_read",
    "mark_unread",
    "mute",
    "notify",
    "post",
    "receive",
    "release",
    "resend",
    "resend_failed",
    "send_test",
    "set_preferences",
    "set_watch",
    "snooze",
    "stop",
    "subscribe",
    "takes",
    "unmute",
    "update_channel",
    "wake_snoozed",
]
