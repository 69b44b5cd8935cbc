"""Addresses that leave the page: in mails, DSNs and what people copy. They use the installation's public address."""

from collections.abc import Callable

from django.conf import settings
from django.urls import get_script_prefix, reverse


def public_url() -> str:
    """Where the installation is reached, without a slash at the end."""
    return str(settings.ERRATA.public_url).rstrip("/")


def absolute(path: str) -> str:
    """The public address of one of our paths."""
    return public_url() + "/" + path.removeprefix(get_script_prefix())


def link(name: str) -> Callable[[str], str]:
    """A maker of addresses for a page that takes one secret."""
    return lambda secret: absolute(reverse(name, args=[secret]))
