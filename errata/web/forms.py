"""What came in a form, and what was wrong with it."""

from collections.abc import Mapping

import msgspec
from django.http import HttpRequest

from errata.core.errors import Refusal


class Form(msgspec.Struct, frozen=True):
    """Posted values, trimmed; with the refusal they met, told at its field when it names one."""

    values: Mapping[str, str] = {}
    errors: Mapping[str, str] = {}
    problem: str = ""


def posted(request: HttpRequest, *names: str, keep: str = "password") -> dict[str, str]:
    """Read fields of a form. Passwords are taken as they are; all else is trimmed."""
    return {name: _text(request, name) if name != keep else request.POST.get(name, "") for name in names}


def refused(values: Mapping[str, str], refusal: Refusal) -> Form:
    """The form again, with the reason it was refused; never with its password."""
    shown = {name: value for name, value in values.items() if "password" not in name}
    field = str(refusal.data.get("field", ""))
    if field in values:
        return Form(values=shown, errors={field: refusal.message})
    return Form(values=shown, problem=refusal.message)


def _text(request: HttpRequest, name: str) -> str:
    return str(request.POST.get(name, "")).strip()
