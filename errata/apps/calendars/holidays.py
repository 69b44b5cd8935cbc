"""Public holidays by country and region, as dates. The library that knows them is loaded only when one is asked for."""

import re

from errata.apps.calendars.types import Country
from errata.core.errors import Refusal
from errata.core.sla import Day

# Issues that are open as long, and due times as far ahead as anybody plans: core.sla looks ten years ahead.
_YEARS_BACK, _YEARS_AHEAD = 5, 11


class CountryUnknown(Refusal):
    """No holidays are known of this country or region."""

    code = "country_unknown"
    status = 422


def holidays_of(country: str, region: str, *, year: int) -> tuple[Day, ...]:
    """The holidays around a year. Raises CountryUnknown."""
    if not country:
        return ()
    # 17 MB, which only the process that saves a calendar needs to hold.
    import holidays

    try:
        found = holidays.country_holidays(
            country.upper(),
            subdiv=region or None,
            years=range(year - _YEARS_BACK, year + _YEARS_AHEAD),
            language="en_US",
        )
    except NotImplementedError as error:
        raise _unknown(country, region) from error
    return tuple(Day(day, name[:80]) for day, name in sorted(found.items()))


def countries() -> list[Country]:
    """The countries whose holidays are known, by name."""
    from holidays.registry import COUNTRIES  # as above

    return sorted(
        (Country(code=code, name=_words(name)) for name, code, *_ in COUNTRIES.values()), key=lambda c: c.name
    )


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def _unknown(country: str, region: str) -> CountryUnknown:
    from holidays import list_supported_countries  # as above

    regions = list_supported_countries().get(country.upper())
    if regions is None:
        return CountryUnknown(
            f"No holidays are known of a country “{country}”. Write its two letters, such as DE or US.", field="country"
        )
    some = ", ".join(regions) or "none"
    return CountryUnknown(f"{country.upper()} has no region “{region}”. Its regions: {some}.", field="region")
