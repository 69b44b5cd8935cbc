"""People's preferences, as they are kept."""

from collections.abc import Collection
from datetime import datetime
from functools import cache
from zoneinfo import available_timezones

import msgspec

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.audit import operations as audit
from errata.apps.notices.models import Channel, Wishes
from errata.apps.records import storable_json, write
from errata.core.notice.preferences import DEFAULT, Preferences, checked


def preferences(*, actor: Actor) -> Preferences:
    """The actor's own."""
    allow(actor, "issue:read")
    return wishes_of([actor.own_id])[actor.own_id]


def set_preferences(*, preferences: Preferences, by: Actor, at: datetime) -> Preferences:
    """Say what to hear, where and when. Raises PreferencesRefused."""
    allow(by, "issue:read")
    own = Channel.objects.filter(owner_id=by.own_id).values_list("id", flat=True)
    tidy = checked(preferences, zones=zones(), channels=frozenset(f"channel:{number}" for number in own))
    with write():
        if by.user_id:
            _keep(by.own_id, tidy, at)
            audit.record(by=by, action="person.notified_as", target=by.email, at=at, after=_plain(tidy))
    return tidy


def stop_mail(*, user_id: int, at: datetime) -> None:
    """Send a person no more mail: by the link in one, which needs no signing in."""
    with write():
        _keep(user_id, msgspec.structs.replace(wishes_of([user_id])[user_id], mail_off=True), at)


@cache
def zones() -> frozenset[str]:
    """Every time zone there is."""
    return frozenset(available_timezones())


def _keep(user_id: int, wishes: Preferences, at: datetime) -> None:
    Wishes.objects.update_or_create(user_id=user_id, defaults={"body": _plain(wishes), "updated_at": at})


def _plain(wishes: Preferences) -> dict[str, object]:
    kept: dict[str, object] = storable_json(msgspec.to_builtins(wishes))
    return kept


def wishes_of(user_ids: Collection[int]) -> dict[int, Preferences]:
    """Everybody's wishes; who has said nothing has the default."""
    rows = Wishes.objects.filter(user_id__in=user_ids).values_list("user_id", "body")
    kept = {user_id: msgspec.convert(body, Preferences) for user_id, body in rows}
    return {user_id: kept.get(user_id, DEFAULT) for user_id in user_ids}
