"""Secrets inside a text: `password=…` in a query or a log line, JSON or a Python repr in a string, cards, keys."""

import re

from errata.core.event.names import SensitiveNames

FILTERED = "[Filtered]"

# Values that tell nothing: what is already gone, empty, or a placeholder of SQL and templates.
_TELLS_NOTHING = re.compile(
    r"""(?ix) \s* (?:
        none | null | nil | undefined | true | false | \[filtered\] | '\[filtered\]' | \*+
        | '' | "" | \[\] | \{\} | \(\)
        | %s | %\(\w+\)s | \? | \$\d+ | :\w+ | \{\w*\} | \{\{.*\}\}
        | <[\w ]*> | <[\w. ]*[ ]at[ ]0x[0-9a-f]+>
    )? \s*"""
)

_KEY = r"[\w.%\[\]-]{1,100}"
_QUOTED_KEY = r"""[^"'\\\n]{1,100}"""
# A name and what parts it from its value: 'token': …  "token" => …  ("token", "…"  token=…
_PAIR = re.compile(
    rf"""
      (?P<quote>\\*["']) (?P<quoted>{_QUOTED_KEY}) (?P=quote) \s* (?: : | =>? ) \s*
    | (?: \( | (?<=\[)\[ | (?<=,)\[ | (?<=,[ ])\[ ) \s* [bBuU]?
      (?P<first_quote>\\*["']) (?P<first>{_QUOTED_KEY}) (?P=first_quote) \s* , \s* (?=[bBuU]?\\*["'])
    | (?<![\w.%\[\]-]) (?P<bare>{_KEY}) [ ]? (?: => | =(?!=) ) [ ]?
    """,
    re.VERBOSE,
)
_STRING_START = re.compile(r"""[bBrRuU]{0,2}(\\*["'])""")
# A value without quotes goes on over commas and brackets only when more of it follows at once.
_BARE_VALUE = re.compile(r"""<[^<>]*>|(?:[^\s&;,"')\]}]|,(?!\s|[\w.-]+=|$)|[)\]}](?=[^\s&;,"')\]}]))*""")
_NESTING = re.compile(r"""\\*["']|[\[\](){}]""")
_TUPLE_END = re.compile(r"\s*[)\]]")

_HEADER_LINE = re.compile(
    r"(?im)(?<![\w-])((?:proxy-)?authorization|(?:set-)?cookie|x-api-key|x-auth-token)([ ]*:[ ]+)([^\r\n]+)"
)
_BEARER = re.compile(r"(?i)\b(bearer +)(?=[a-z._~+/=-]*[0-9])[\w.~+/=-]{8,}")
_JWT = re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|\Z)", re.DOTALL
)
_URL_PASSWORD = re.compile(r"""(://[^\s/:@"'\\]*:)([^\s/@"'\\]+)(?=@)""")

# Digits as a card carries them. Behind a dot they are a fraction, behind a plus a telephone number.
_DIGITS = re.compile(r"(?<![\w.+])[0-9](?:[ -]?[0-9]){12,}(?!\w|\.[0-9])")
_GROUP = re.compile(r"([ -])")
_CARD_DIGITS_MIN, _CARD_DIGITS_MAX = 13, 19
# Who issues them, and how long theirs are. Without it every tenth long id would pass for a card.
_ISSUER = re.compile(
    r"""(?x) (?: 4 (?: \d{12} | \d{15} | \d{18} )                                    # Visa
        | 5[1-5]\d{14} | 2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}            # Mastercard
        | 3[47]\d{13}                                                                  # American Express
        | 3(?:0[0-5]\d|[689]\d\d)\d{10}(?:\d{2})?                                     # Diners
        | 35(?:2[89]|[3-8]\d)\d{12}                                                    # JCB
        | 6(?:011|4[4-9]\d|5\d\d)\d{12}(?:\d{3})?                                     # Discover
        | 62\d{14,17}                                                                  # UnionPay
        | (?:5[0678]|6\d)\d{11,17} ) \Z                                                # Maestro """
)
# What a digit counts when it is doubled, by Luhn.
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def scrub_text(text: str, names: SensitiveNames, *, cards: bool = True, code: bool = False) -> tuple[str, int]:
    """Remove secrets from a text and say how many. In a line of code `password=password` is none."""
    scrubbing = _Scrubbing(names)
    text = _PRIVATE_KEY.sub(scrubbing.remove, text)
    if not code:
        text = _HEADER_LINE.sub(scrubbing.remove_last_group, text)
        text = scrubbing.remove_pairs(text)
    text = _BEARER.sub(scrubbing.remove_behind_group, text)
    text = _JWT.sub(scrubbing.remove, text)
    text = _URL_PASSWORD.sub(scrubbing.remove_behind_group, text)
    if cards:
        text = _DIGITS.sub(scrubbing.remove_cards, text)
    return text, scrubbing.removed


def remove_cards(digits: str) -> tuple[str, int]:
    """Remove the card numbers from a run of digits, spaces and dashes, and say how many. A card is whole groups."""
    groups = _GROUP.split(digits)  # Digits at even places, what parts them at odd ones.
    removed = at = 0
    while at < len(groups):
        if end := _card_end(groups, at):
            groups[at:end] = [FILTERED]
            removed += 1
        at += 2
    return "".join(groups), removed


def _card_end(groups: list[str], start: int) -> int:
    digits = ""
    for at in range(start, len(groups), 2):
        digits += groups[at]
        if len(digits) > _CARD_DIGITS_MAX:
            break
        if len(digits) >= _CARD_DIGITS_MIN and is_card(digits):
            return at + 1
    return 0


def holds_card(text: bytes) -> bool:
    """Whether there is a card number in ASCII text."""
    return any(remove_cards(run[0])[1] for run in _DIGITS.finditer(text.decode("ascii")))


def is_card(digits: str) -> bool:
    """Whether digits are a card number: an issuer's, of its length, with its check digit."""
    if not _ISSUER.match(digits):
        return False
    numbers = [int(digit) for digit in reversed(digits)]
    return (sum(numbers[::2]) + sum(_DOUBLED[number] for number in numbers[1::2])) % 10 == 0


def tells_nothing(value: str) -> bool:
    """Whether a value gives no secret away: empty, already removed, or a placeholder."""
    return _TELLS_NOTHING.fullmatch(value) is not None


class _Scrubbing:
    """One text's way through the rules, and how much was removed on it."""

    def __init__(self, names: SensitiveNames) -> None:
        self._is_sensitive = names.in_text
        self.removed = 0

    def remove(self, _found: re.Match[str]) -> str:
        self.removed += 1
        return FILTERED

    def remove_behind_group(self, found: re.Match[str]) -> str:
        return found[0] if found[0] == found[1] + FILTERED else found[1] + self.remove(found)

    def remove_last_group(self, found: re.Match[str]) -> str:
        return found[0] if tells_nothing(found[3]) else found[1] + found[2] + self.remove(found)

    def remove_cards(self, found: re.Match[str]) -> str:
        text, removed = remove_cards(found[0])
        self.removed += removed
        return text

    def remove_pairs(self, text: str) -> str:
        pieces: list[str] = []
        kept = at = 0
        while pair := _PAIR.search(text, at):
            at = pair.end()
            if not self._is_sensitive(pair["quoted"] or pair["first"] or pair["bare"]):
                continue
            start, end, resume = _value(text, at)
            if tells_nothing(text[start:end]) or (pair["first"] and not _TUPLE_END.match(text, resume)):
                continue
            pieces += text[kept:start], FILTERED
            kept = at = end
            self.removed += 1
        return "".join((*pieces, text[kept:])) if pieces else text


def _value(text: str, at: int) -> tuple[int, int, int]:
    """Where the value at a place starts and ends, quotes excluded, and where the text goes on behind it."""
    if opening := _STRING_START.match(text, at):
        end = _string_end(text, opening.end(), opening[1])
        return opening.end(), end, end + len(opening[1])
    if text[at : at + 1] in ("{", "[", "("):
        end = _nested_end(text, at)
    else:
        bare = _BARE_VALUE.match(text, at)
        end = bare.end() if bare else at
    return at, end, end


def _string_end(text: str, at: int, quote: str) -> int:
    """Where the closing quote stands: the same quote, no more escaped than the opening one. The end, when cut off."""
    while (end := text.find(quote, at)) >= 0:
        before = end
        while text[before - 1] == "\\" and before > at:
            before -= 1
        # Within one level of escaping, an even number of backslashes are escaped backslashes.
        if (end - before) % 2 == 0 if len(quote) == 1 else end == before:
            return end
        at = end + len(quote)
    return len(text)


def _nested_end(text: str, at: int) -> int:
    depth = 0
    while found := _NESTING.search(text, at):
        at = found.end()
        if found[0] in ("{", "[", "("):
            depth += 1
        elif found[0] in ("}", "]", ")"):
            depth -= 1
            if depth == 0:
                return at
        else:
            at = _string_end(text, at, found[0]) + len(found[0])
    return len(text)
