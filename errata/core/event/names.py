"""Which names stand for secrets: `password`, `X-Api-Key`, `stripeToken`, and not `author`, `tokens_used`.

A name is taken apart into words (at punctuation, digits and camel humps). It is sensitive when a word or a run of words
is; a last word that only describes a secret (`token_type`, `csrf_cookie_name`) makes it harmless.
"""

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import unquote


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that are sensitive as they stand.
_WORDS = _words(
    "password passwords passwd pwd passphrase passcode secret secrets token authorization credential credentials "
    "cookie cookies csrf xsrf ssn iban cvv cvc jwt apikey apikeys privatekey accesskey cardnumber creditcard "
    "sessionid sessionkey sessid"
)
# Words written together with others: stripetoken, csrftoken, dbpassword, jsessionid.
_ENDINGS = (
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "credentials",
    "sessionid",
    "sessid",
)
_BEGINNINGS = ("password",)
_BEGINNINGS_BUT = ("passwordless",)
# Words that are sensitive next to each other only.
_RUNS = (
    ("api", "key"),
    ("api", "keys"),
    ("private", "key"),
    ("access", "key"),
    ("signing", "key"),
    ("encryption", "key"),
    ("ssh", "key"),
    ("session", "id"),
    ("session", "key"),
    ("credit", "card"),
    ("debit", "card"),
    ("card", "number"),
)
# Sensitive as the last word: `auth`, `basic_auth`; not `auth_backend`.
_LAST = frozenset({"auth"})
# Sensitive as the whole name: `session`; not `db_session`, which is an object that somebody wants to look at.
_WHOLE = frozenset({"session"})
# A last word that makes the name one about a secret, not the secret.
_HARMLESS = _words(
    "count counts type types used usage limit limits length len size expires expiry expired expiration exp ttl age "
    "name names url uri endpoint policy field fields required enabled disabled valid invalid validator validators "
    "error errors status backend backends middleware manager provider service class method created updated changed "
    "at date time timeout issuer path domain secure httponly samesite engine serializer hasher hashers"
)

# The shell's working directories.
_NEVER = frozenset({"PWD", "OLDPWD"})

_IP_NAMES = ("ip_address", "remote_addr", "x_forwarded_for", "x_real_ip", "client_ip", "true_client_ip", "forwarded")

_NAME_CHARS_MAX = 200  # A longer text is no name.
# Capitals up to a hump, a word with its capital, digits; or a gap so wide that the words have nothing to do with
# each other.
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W0-9_A-Z]+|[0-9]+|[\W_]{3,}")

# What may follow a word within a name. The prescan knows these and no others, so a word ends at no others.
_SEPARATORS = r"'\"=\\_%\].:0-9 \[(*?/-"
_NOT_SEPARATORS = re.compile(rf"[^\w{_SEPARATORS}]")


class SensitiveNames:
    """Answers whether a name stands for a secret, under one project's rules."""

    def __init__(self, *, extra: Iterable[str] = (), safe: Iterable[str] = (), ip_addresses: bool = False) -> None:
        given = [tuple(parts_of(name)) for name in (*extra, *(_IP_NAMES if ip_addresses else ()))]
        self._extra = tuple(parts for parts in given if parts)
        self._safe = frozenset(tuple(parts_of(name)) for name in safe)
        self.in_text = lru_cache(maxsize=8192)(self._in_text)
        self.in_json = lru_cache(maxsize=8192)(self._in_json)
        self.is_jar = lru_cache(maxsize=1024)(self._is_jar)

    def __call__(self, name: str) -> bool:
        """Whether the name, as a key of an object, stands for a secret."""
        if len(name) > _NAME_CHARS_MAX or name in _NEVER:
            return False
        parts = tuple(parts_of(name))
        if not parts or parts in self._safe:
            return False
        if any(_has_run(parts, run) or "".join(run) in parts for run in self._extra):
            return True
        return parts[-1] not in _HARMLESS and _is_secret(parts)

    def _in_text(self, name: str) -> bool:
        return self(unquote(name) if "%" in name else name)

    def _in_json(self, raw: bytes) -> bool:
        return self(_unescaped(raw))

    def _is_jar(self, raw: bytes) -> bool:
        return is_jar(_unescaped(raw))

    def given_patterns(self) -> list[str]:
        """As `default_patterns`, for the names that the rules add."""
        # A given name may hold letters that JSON writes in several ways, of up to twelve bytes.
        given = [_GAP.join(re.sub(r"[^a-z0-9]", ".{1,12}", part) for part in run) for run in self._extra]
        return [rf"(?i:{pattern})." for pattern in given]


_GAP = r'[^a-z0-9"]{0,2}'


def default_patterns() -> list[str]:
    """Regular expressions, one of which finds each sensitive name in raw JSON; they end one character behind a word.

    Literals with one class at the end are what a multi-pattern engine is fastest at.
    """
    words = "|".join([*sorted(_WORDS | _LAST | _WHOLE | set(_ENDINGS)), *(_GAP.join(run) for run in _RUNS)])
    return [rf"(?i:{words})[{_SEPARATORS}]", rf"(?i:{words})[A-Z]", rf"(?i:{'|'.join(_BEGINNINGS)})."]


def _is_secret(parts: tuple[str, ...]) -> bool:
    if parts[-1] in _LAST or (len(parts) == 1 and parts[0] in _WHOLE):
        return True
    if any(_is_secret_word(part) for part in parts):
        return True
    return len(parts) > 1 and any(_has_run(parts, run) for run in _RUNS)


def _is_secret_word(part: str) -> bool:
    if part in _WORDS or part.endswith(_ENDINGS):
        return True
    return part.startswith(_BEGINNINGS) and not part.startswith(_BEGINNINGS_BUT)


def _has_run(parts: tuple[str, ...], run: tuple[str, ...]) -> bool:
    width = len(run)
    return any(parts[at : at + width] == run for at in range(len(parts) - width + 1))


def is_jar(name: str) -> bool:
    """Whether the name is one of cookies: an object under it is kept, without its values."""
    return parts_of(name)[-1:] in (["cookies"], ["cookie"])


def _unescaped(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace")
    if "\\" not in text:
        return text
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text


def parts_of(name: str) -> list[str]:
    """The words of a name in lower case, with "" where a wide gap parts them."""
    found = _PARTS.findall(name) if not _NOT_SEPARATORS.search(name) else []
    return [part.lower() if part[0].isalnum() else "" for part in found]
