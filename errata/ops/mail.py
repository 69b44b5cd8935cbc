"""How mail leaves, as ERRATA_MAIL_URL says."""

from typing import Any
from urllib.parse import unquote, urlsplit

from errata.ops.settings import Settings

_BACKENDS = "django.core.mail.backends"
# A mail server that doesn't answer must not hold a thread for ever.
_TIMEOUT_S = 15


def django_mail(settings: Settings) -> dict[str, Any]:
    """Return Django's EMAIL_… settings."""
    parts = urlsplit(settings.mail_url)
    if parts.scheme == "console" or (not settings.mail_url and settings.dev_mode):
        return {"EMAIL_BACKEND": f"{_BACKENDS}.console.EmailBackend"}
    if parts.scheme in ("smtp", "smtps"):
        return {
            "EMAIL_BACKEND": f"{_BACKENDS}.smtp.EmailBackend",
            "EMAIL_HOST": parts.hostname or "localhost",
            "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 25),
            "EMAIL_HOST_USER": unquote(parts.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
            "EMAIL_USE_SSL": parts.scheme == "smtps",
            # Port 25 is the machine's own relay, which seldom has a certificate; 587 always offers STARTTLS.
            "EMAIL_USE_TLS": parts.scheme == "smtp" and parts.port == 587,
            "EMAIL_TIMEOUT": _TIMEOUT_S,
        }
    directory = parts.path or str(settings.data / "mail")
    return {"EMAIL_BACKEND": f"{_BACKENDS}.filebased.EmailBackend", "EMAIL_FILE_PATH": directory}
