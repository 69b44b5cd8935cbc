"""Every setting, typed and explained, read once from the environment.

The table is the `Settings` struct: a field's name gives the variable (`port` is ERRATA_PORT), its annotation the type,
the bounds and the help. docs/reference/settings.md is generated from it.
"""

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, cast, get_args, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from errata.adapters.nats import address as journal_address
from errata.core.errors import Refusal

PREFIX = "ERRATA_"
SECRET = {"secret": True}
# In `run/`: where the embedded event store listens, with its password. Readable to this user only.
STORE_URL = "store.url"


class SettingRefused(Refusal):
    """A setting that can't be used, in a sentence for the operator."""

    code = "setting_refused"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[
        Path, Meta(description="The directory that holds everything: records, events, journals, files, the secret key.")
    ] = Path("data")
    host: Annotated[str, Meta(description="The address to listen on. `0.0.0.0` listens on every interface.")] = (
        "127.0.0.1"
    )
    port: Annotated[int, Meta(ge=0, le=65535, description="The TCP port to listen on; 0 takes a free one.")] = 8000
    url: Annotated[
        str,
        Meta(
            description="The address people and clients use, when it isn't `http://HOST:PORT`: it is written into DSNs"
            " and mail. `https://` makes cookies secure, and a path (`https://example.org/errata`) serves all below it."
        ),
    ] = ""
    workers: Annotated[
        int, Meta(ge=0, le=256, description="Processes that answer requests; 0 means one per processor core.")
    ] = 0
    workers_pinned: Annotated[
        bool,
        Meta(description="Keep each worker on one processor core. Turn it off where other programs need the cores."),
    ] = True
    web_threads: Annotated[
        int, Meta(ge=1, le=64, description="Threads that render pages, in each worker. Intake needs none of them.")
    ] = 4
    database_url: Annotated[
        str,
        Meta(
            description="Where the records are kept: `postgresql://user:password@host/name`. Empty is SQLite, in the"
            " data directory.",
            extra=SECRET,
        ),
    ] = ""
    events_url: Annotated[
        str,
        Meta(
            description="Where the events are kept: `http://user:password@host:8123/database` of a ClickHouse server."
            " Empty is the embedded one, in the data directory.",
            extra=SECRET,
        ),
    ] = ""
    journal_url: Annotated[
        str,
        Meta(
            description="Where what is accepted waits for the digest: `nats://user:password@host:4222` of a NATS server"
            " with JetStream, several hosts separated by commas, `?replicas=3` to keep it on three. Empty is files, in"
            " the data directory. See docs/howto/scale-out.md.",
            extra=SECRET,
        ),
    ] = ""
    journal_bytes_max: Annotated[
        int,
        Meta(
            ge=2**20,
            description="The most that each worker's journal may hold of what is accepted and not yet digested. Beyond"
            " it clients are told to come back later.",
        ),
    ] = 4 * 2**30
    disk_free_bytes_min: Annotated[
        int,
        Meta(
            ge=0,
            description="Free space that must remain on the data directory's disk. With less, Errata doesn't start, and"
            " intake tells clients to come back later.",
        ),
    ] = 512 * 2**20
    retention_events_days: Annotated[
        int, Meta(ge=1, le=36500, description="Days that events are kept. Issues, comments and the audit log stay.")
    ] = 90
    mail_url: Annotated[
        str,
        Meta(
            description="How mail leaves: `smtp://user:password@host:587` (STARTTLS when offered),"
            " `smtps://user:password@host:465`, or `console:`. Empty writes each message to a file under `mail/` of the"
            " data directory.",
            extra=SECRET,
        ),
    ] = ""
    mail_from: Annotated[str, Meta(description="The sender of mail.")] = "Errata <errata@localhost>"
    mail_in_port: Annotated[
        int,
        Meta(
            ge=0,
            le=65535,
            description="The TCP port on which replies to mails are taken, by SMTP; 0 takes none. Your mail server"
            " hands over what is for ERRATA_MAIL_IN_DOMAIN. See docs/howto/notifications.md.",
        ),
    ] = 0
    mail_in_host: Annotated[str, Meta(description="The address that ERRATA_MAIL_IN_PORT listens on.")] = "127.0.0.1"
    mail_in_domain: Annotated[
        str,
        Meta(
            description="The domain of the addresses that mails are answered to, `reply.example.org`. Empty sends mails"
            " without such an address."
        ),
    ] = ""
    outgoing_allow: Annotated[
        tuple[str, ...],
        Meta(
            description="Hosts, addresses or networks, separated by commas, that channels may send to although they are"
            " not public: `chat.internal,10.20.0.0/16`."
        ),
    ] = ()
    secret_key: Annotated[
        str,
        Meta(
            description="The key that signs sessions and links, 32 characters or more. Empty makes one, once, in"
            " `secret_key` of the data directory.",
            extra=SECRET,
        ),
    ] = ""
    session_days: Annotated[
        int, Meta(ge=1, le=365, description="Days without a visit after which a person signs in again.")
    ] = 14
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(
            description="Addresses or networks, separated by commas, whose `X-Forwarded-For` and `X-Forwarded-Proto`"
            " are believed: your reverse proxy's."
        ),
    ] = ()
    metrics_token: Annotated[
        str,
        Meta(
            description="The bearer token that `/metrics` asks for. Empty answers only callers on this machine.",
            extra=SECRET,
        ),
    ] = ""
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="The least that is logged.")
    ] = "info"
    log_format: Annotated[
        Literal["auto", "json", "console"],
        Meta(description="One JSON object a line, or lines for people; `auto` looks whether a person is watching."),
    ] = "auto"
    stop_grace_s: Annotated[
        int, Meta(ge=1, le=600, description="Seconds that a stop waits for requests and the batch under way.")
    ] = 20
    dev_mode: Annotated[
        bool,
        Meta(description="For working on Errata itself: reloads code and templates, and shows error pages in full."),
    ] = False

    @property
    def public_url(self) -> str:
        """The address people use, without a slash at its end."""
        return self.url.rstrip("/") if self.url else f"http://{_bracketed(_reachable(self.host))}:{self.port}"

    @property
    def local_url(self) -> str:
        """The address on this machine, without a slash at its end."""
        return f"http://{_bracketed(_reachable(self.host))}:{self.port}{self.path_prefix}"

    @property
    def path_prefix(self) -> str:
        """The path that everything is served below: "" or "/errata"."""
        return urlsplit(self.public_url).path.rstrip("/")

    @property
    def worker_count(self) -> int:
        return self.workers or len(os.sched_getaffinity(0))

    @property
    def run(self) -> Path:
        """Where the processes keep their pid files and counters; nothing in it outlives them."""
        return self.data / "run"


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from the environment. Raises SettingRefused with a sentence about the first that is wrong."""
    given = dict(_given(environ))
    plain = {name: _plain(name, value) for name, value in given.items()}
    try:
        settings = msgspec.convert(plain, Settings, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise _refused(given, error) from None
    _check_urls(settings)
    _check_journal(settings)
    _check_proxies(settings)
    return msgspec.structs.replace(settings, data=settings.data.absolute())


def _given(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    rows = {row.variable: row for row in table()}
    for variable, value in environ.items():
        if not variable.startswith(PREFIX) or not value:
            continue
        if variable in rows:
            yield rows[variable].field, value
        elif variable.endswith("_FILE") and (row := rows.get(variable.removesuffix("_FILE"))) and row.secret:
            if environ.get(row.variable):
                msg = f"{row.variable} and {variable} are both set: which one is meant? Remove one."
                raise SettingRefused(msg, setting=variable)
            yield row.field, _secret(variable, value)
        else:
            raise _unknown(variable, rows)


def _secret(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        msg = f"{variable} names {path}, which can't be read: {error.strerror}."
        raise SettingRefused(msg, setting=variable) from None


def _unknown(variable: str, known: Mapping[str, "Row"]) -> SettingRefused:
    near = difflib.get_close_matches(variable, known, n=1, cutoff=0.75)
    hint = f"Is {near[0]} meant?" if near else "docs/reference/settings.md lists them all."
    return SettingRefused(f"There is no setting {variable}. {hint}", setting=variable)


def _plain(name: str, value: str) -> object:
    if name in ("trusted_proxies", "outgoing_allow"):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value.strip()


def _decode(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value).expanduser()
    raise NotImplementedError(kind)


def _refused(given: Mapping[str, str], error: msgspec.ValidationError) -> SettingRefused:
    """Turn msgspec's "Expected `int` <= 65535 - at `$.port`" into a sentence that names the variable and its value."""
    found = re.search(r"\$\.(\w+)", str(error))
    field = found.group(1) if found else ""
    row = next((row for row in table() if row.field == field), None)
    if row is None:
        return SettingRefused(f"The settings can't be read: {error}.")
    shown = "its value" if row.secret else repr(given[field])
    return SettingRefused(f"{row.variable} must be {row.type}, and {shown} is not.", setting=row.variable)


_SCHEMES = {
    "url": ("http", "https"),
    "database_url": ("postgresql", "postgres", "sqlite"),
    "events_url": ("http", "https"),
    "journal_url": ("nats", "tls"),
    "mail_url": ("smtp", "smtps", "console", "file"),
}


def _check_urls(settings: Settings) -> None:
    for field, schemes in _SCHEMES.items():
        value: str = getattr(settings, field)
        if value and urlsplit(value).scheme not in schemes:
            wanted = " or ".join(f"{scheme}:" for scheme in schemes)
            msg = f"{PREFIX}{field.upper()} must be an address that begins with {wanted}."
            raise SettingRefused(msg, setting=f"{PREFIX}{field.upper()}")
    if settings.secret_key and len(settings.secret_key) < 32:
        msg = "ERRATA_SECRET_KEY is too short: it must have 32 characters or more."
        raise SettingRefused(msg, setting="ERRATA_SECRET_KEY")


def _check_journal(settings: Settings) -> None:
    if settings.journal_url:
        try:
            journal_address.parse(settings.journal_url)
        except ValueError as error:
            raise SettingRefused(str(error), setting="ERRATA_JOURNAL_URL") from None


def _check_proxies(settings: Settings) -> None:
    for entry in settings.trusted_proxies:
        try:
            ip_network(entry, strict=False)
        except ValueError:
            msg = f"ERRATA_TRUSTED_PROXIES must list addresses or networks, and {entry!r} is neither."
            raise SettingRefused(msg, setting="ERRATA_TRUSTED_PROXIES") from None


class Row(NamedTuple):
    """A setting as the reference shows it."""

    field: str
    variable: str
    type: str
    default: str
    help: str
    secret: bool


def table() -> list[Row]:
    """Return every setting in the order of the struct."""
    hints = get_type_hints(Settings, include_extras=True)
    return [_row(field.name, hints[field.name], field.default) for field in msgspec.structs.fields(Settings)]


def _row(name: str, annotation: Any, default: object) -> Row:
    kind, meta = get_args(annotation)[0], cast("Meta", get_args(annotation)[1])
    return Row(
        field=name,
        variable=PREFIX + name.upper(),
        type=_spoken_type(kind, meta),
        default=_spoken_default(default),
        help=meta.description or "",
        secret=bool((meta.extra or {}).get("secret")),
    )


def _spoken_type(kind: Any, meta: Meta) -> str:
    if kind is bool:
        return "true or false"
    if kind is int:
        bounds = [f"from {meta.ge}" if meta.ge is not None else "", f"to {meta.le}" if meta.le is not None else ""]
        return " ".join(["a whole number", *filter(None, bounds)])
    if kind is Path:
        return "a path"
    choices = get_args(kind)
    if choices and all(isinstance(choice, str) for choice in choices):
        return "one of " + ", ".join(choices)
    return "a list" if choices else "a text"


def _spoken_default(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return "" if default in ("", ()) else str(default)
