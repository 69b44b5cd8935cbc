"""Messages in the forms that services take. Their limits are the services' own, as documented."""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from typing import Any

from errata.core.notice.message import Note, Parcel

# Slack: 50 blocks, 3,000 characters a text. Discord: 10 embeds, 6,000 characters in all. Teams: 28 KB a message.
_SLACK_NOTES_MAX, _DISCORD_NOTES_MAX, _TEAMS_NOTES_MAX = 20, 10, 20
_COLOURS = {"Critical": 0xD92D20, "Major": 0xE8590C, "Minor": 0xB7791F, "Trivial": 0x868E96}


def slack(parcel: Parcel) -> dict[str, Any]:
    """Block Kit."""
    blocks: list[dict[str, Any]] = []
    if len(parcel.notes) > 1:
        blocks.append({"type": "header", "text": {"type": "plain_text", "text": parcel.heading[:150]}})
    for note in parcel.notes[:_SLACK_NOTES_MAX]:
        title = _slack_text(note.title)[:300]
        linked = f"<{note.url}|{title}>" if note.url else title
        text = f"*{linked}*\n{_slack_text(note.text)}"
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": text[:2_900]}})
        if facts := _facts(note):
            small = [{"type": "mrkdwn", "text": _slack_text(" · ".join(facts))[:1_000]}]
            blocks.append({"type": "context", "elements": small})
    if more := _more(parcel, _SLACK_NOTES_MAX):
        blocks.append({"type": "context", "elements": [{"type": "plain_text", "text": more}]})
    return {"text": _slack_text(parcel.heading), "blocks": blocks, "unfurl_links": False}


def discord(parcel: Parcel) -> dict[str, Any]:
    """Embeds. Nobody is pinged by what an error's text happens to contain."""
    room = 5_500 // min(len(parcel.notes), _DISCORD_NOTES_MAX)
    embeds = []
    for note in parcel.notes[:_DISCORD_NOTES_MAX]:
        embed: dict[str, Any] = {"title": note.title[: min(256, room // 2)], "description": note.text[: room // 3]}
        embed |= {"url": note.url} if note.url else {}
        embed |= {"color": _COLOURS[note.severity]} if note.severity in _COLOURS else {}
        embed |= {"footer": {"text": " · ".join(facts)[:200]}} if (facts := _facts(note)) else {}
        embeds.append(embed)
    content = parcel.heading if len(parcel.notes) > 1 else ""
    more = _more(parcel, _DISCORD_NOTES_MAX)
    return {
        "content": f"{content}. {more}" if more else content,
        "embeds": embeds,
        "allowed_mentions": {"parse": []},
        "username": "Errata",
    }


def teams(parcel: Parcel) -> dict[str, Any]:
    """An Adaptive Card, as the workflow “Post to a channel when a webhook request is received” takes it."""
    body: list[dict[str, Any]] = []
    if len(parcel.notes) > 1:
        body.append(_teams_text(parcel.heading, weight="Bolder", size="Medium"))
    for note in parcel.notes[:_TEAMS_NOTES_MAX]:
        body.append(_teams_text(note.title[:300], weight="Bolder", separator=bool(body)))
        body.append(_teams_text(note.text[:800]))
        if facts := _facts(note):
            body.append(_teams_text(" · ".join(facts)[:300], isSubtle=True, size="Small", spacing="None"))
    if more := _more(parcel, _TEAMS_NOTES_MAX):
        body.append(_teams_text(more, isSubtle=True))
    links = {note.url: note for note in parcel.notes if note.url}
    actions = [{"type": "Action.OpenUrl", "title": "Open", "url": url} for url in list(links)[:1]]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
        "actions": actions,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def webhook(parcel: Parcel) -> dict[str, Any]:
    """Errata's own form. The same message has the same bytes, however often it is sent."""
    return {
        "id": parcel.uid,
        "type": "notice" if len(parcel.notes) == 1 else "notices",
        "timestamp": parcel.at_s,
        "notices": [
            {
                "kind": note.kind, "title": note.title, "text": note.text, "reason": note.reason, "actor": note.actor,
                "url": note.url,
                "issue": {
                    "key": note.key, "project": note.project, "stage": note.stage, "priority": note.priority,
                    "severity": note.severity,
                } if note.key else None,
            }
            for note in parcel.notes
        ],
    }  # fmt: skip


def plain(parcel: Parcel) -> str:
    """Text for services that take nothing else."""
    parts = [
        "\n".join(
            filter(None, [note.title if len(parcel.notes) > 1 else "", note.text, " · ".join(_facts(note)), note.url])
        )
        for note in parcel.notes
    ]
    return "\n\n".join(parts)


FORMS: Mapping[str, Callable[[Parcel], dict[str, Any]]] = {
    "slack": slack, "discord": discord, "teams": teams, "webhook": webhook,
}  # fmt: skip


def signature(secret: str, *, uid: str, at_s: int, body: bytes) -> str:
    """What a receiver checks: HMAC-SHA256 over id, time and body, as the Standard Webhooks have it."""
    signed = f"{uid}.{at_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key_of(secret), signed, hashlib.sha256)).decode()


def key_of(secret: str) -> bytes:
    """The bytes of a secret that is shown as `whsec_…`."""
    return base64.b64decode(secret.removeprefix("whsec_"))


def _facts(note: Note) -> list[str]:
    return [text for text in (note.project, note.stage, note.priority, note.severity, note.reason) if text]


def _more(parcel: Parcel, most: int) -> str:
    left = len(parcel.notes) - most
    return f"and {left} more, in Errata." if left > 0 else ""


def _slack_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _teams_text(text: str, **others: Any) -> dict[str, Any]:
    # TextBlocks know some Markdown; what an error says is not meant as such.
    escaped = re.sub(r"([\\`*_\[\]<>#])", r"\\\1", text)
    return {"type": "TextBlock", "text": escaped, "wrap": True, **others}
