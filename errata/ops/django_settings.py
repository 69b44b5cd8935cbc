"""Django's settings, derived from ours. Nothing here is read from the environment by itself."""

import secrets
from datetime import timedelta
from pathlib import Path

from errata.ops import databases, mail
from errata.ops.settings import load

ERRATA = load()
_ROOT = Path(__file__).parent.parent
_HTTPS = ERRATA.public_url.startswith("https://")

# `errata serve` writes the key file before any worker starts. Without it (a type check, a shell without a data
# directory) a key that lives as long as the process does no harm.
_KEY_FILE = ERRATA.data / "secret_key"
SECRET_KEY = ERRATA.secret_key or (_KEY_FILE.read_text().strip() if _KEY_FILE.exists() else secrets.token_urlsafe(48))

DEBUG = ERRATA.dev_mode
# The Host header isn't used to build addresses (ERRATA_URL is), so any is welcome: a machine has many names.
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "errata.ops.urls"
WSGI_APPLICATION = None

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.humanize",
    "django_htmx",
    "template_partials",
    "ninja",
    "errata.apps.audit",
    "errata.apps.accounts",
    "errata.apps.projects",
    "errata.apps.releases",
    "errata.apps.calendars",
    "errata.apps.workflows",
    "errata.apps.templates",
    "errata.apps.issues",
    "errata.apps.notices",
    "errata.apps.retests",
    "errata.apps.designations",
    "errata.apps.clocks",
    "errata.apps.automations",
    "errata.apps.progress",
    "errata.apps.digests",
    "errata.web",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "errata.ops.static.StaticFiles",
    "errata.ops.security.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "errata.api.elsewhere.OwnWords",
    "errata.web.middleware.Visitor",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_ROOT / "web"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.request", "errata.web.context.shell"],
            "builtins": ["template_partials.templatetags.partials"],
        },
    }
]

DATABASES = {"default": databases.django_database(ERRATA)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ATOMIC_REQUESTS = False

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/signin/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/signin/"

SESSION_COOKIE_NAME = "errata_session"
SESSION_COOKIE_AGE = int(timedelta(days=ERRATA.session_days).total_seconds())
SESSION_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_PATH = f"{ERRATA.path_prefix}/"
CSRF_COOKIE_NAME = "errata_csrf"
CSRF_COOKIE_SECURE = _HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_PATH = SESSION_COOKIE_PATH
CSRF_FAILURE_VIEW = "errata.web.errors.csrf_failed"
CSRF_TRUSTED_ORIGINS = ["/".join(ERRATA.public_url.split("/")[:3])]

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 0  # The reverse proxy that has the certificate decides on this.
X_FRAME_OPTIONS = "DENY"

FORCE_SCRIPT_NAME = ERRATA.path_prefix or None
STATIC_URL = f"{ERRATA.path_prefix}/static/"
STATIC_ROOT = _ROOT / "web" / "static"
WHITENOISE_AUTOREFRESH = ERRATA.dev_mode
WHITENOISE_ALLOW_ALL_ORIGINS = False
# esbuild puts a hash of the content into every name it writes.
WHITENOISE_IMMUTABLE_FILE_TEST = r"-[0-9A-Z]{8}\.\w+$"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

globals().update(mail.django_mail(ERRATA))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ERRATA.mail_from

# A form or an API call. Event payloads never come here: intake has limits of its own.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

LOGGING_CONFIG = None  # errata.ops.logs is told to log by each process, once.
# Ours are in errata.ops.doctor: they say what to do, and run when somebody asks.
SILENCED_SYSTEM_CHECKS: list[str] = []
