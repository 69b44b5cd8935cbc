"""People's preferences, as they are kept."""

from collections.abc import Collection

import msgspec

from errata.apps.notices.models import Wishes
from errata.core.notice.preferences import DEFAULT, Preferences


def wishes_of(user_ids: Collection[int]) -> dict[int, Preferences]:
    """Everybody's wishes; who has said nothing has the default."""
    rows = Wishes.objects.filter(user_id__in=user_ids).values_list("user_id", "body")
    kept = {user_id: msgspec.convert(body, Preferences) for user_id, body in rows}
    return {user_id: kept.get(user_id, DEFAULT) for user_id in user_ids}
