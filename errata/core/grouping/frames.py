"""What of a frame is the same in every event and every build: its place and its name, made canonical.

The frames of a program are few, and each comes back with every event: so `named_key` remembers.
"""

import re
from typing import Literal

Family = Literal["javascript", "python", "java", "csharp", "php", "ruby", "go", "native", "other"]

_FAMILIES: dict[str, Family] = {
    "javascript": "javascript",
    "node": "javascript",
    "python": "python",
    "java": "java",
    "csharp": "csharp",
    "php": "php",
    "ruby": "ruby",
    "go": "go",
    "native": "native",
    "cocoa": "native",
    "objc": "native",
    "c": "native",
    "rust": "native",
}
# Together some 10 MB at worst. What is longer than any name anybody wrote is worked out each time.
_REMEMBERED_MAX = 16_384
_REMEMBERED_CHARS_MAX = 600
_SYMBOL_CHARS_MAX = 256

IN_FRAME = "\x1f"
"""Between the place and the name in a key."""

ANONYMOUS = ""
SKIPPED = "\x00"
"""The name of a frame that is there or not depending on the version of the language, so it never counts."""


def family_of(platform: str | None) -> Family:
    """The language family whose habits the frames follow."""
    return _FAMILIES.get(platform or "", "other")


_remembered: dict[tuple[str | None, str | None, str | None, Family], tuple[str, bool]] = {}


def named_key(module: str | None, filename: str | None, function: str | None, family: Family) -> tuple[str, bool]:
    """What a frame adds by its place and name, and whether it has no name, so that its source line may stand in."""
    asked = (module, filename, function, family)
    found = _remembered.get(asked)
    if found is None:
        found = _named_key(module, filename, function, family)
        if len(module or "") + len(filename or "") + len(function or "") <= _REMEMBERED_CHARS_MAX:
            if len(_remembered) >= _REMEMBERED_MAX:
                _remembered.clear()
            _remembered[asked] = found
    return found


def _named_key(module: str | None, filename: str | None, function: str | None, family: Family) -> tuple[str, bool]:
    name = name_of(function, family)
    if name == SKIPPED:
        return "", False
    place = place_of(module, filename, family)
    return (place, True) if name == ANONYMOUS else (f"{place}{IN_FRAME}{name}", False)


def place_of(module: str | None, filename: str | None, family: Family) -> str:
    """Where the code lives, without what differs between hosts, builds and releases. "" when nobody knows."""
    if module and (module := _module(module, family)) and not (module == "__main__" and filename):
        return module
    return _file(filename, family) if filename else ""


def name_of(function: str | None, family: Family) -> str:
    """What the function is called, without what compilers add. ANONYMOUS when it has no name."""
    if not function:
        return ANONYMOUS
    name = function[:_SYMBOL_CHARS_MAX].split("\x00", 1)[0].strip()
    if family == "python" and name in _COMPREHENSIONS:
        return SKIPPED
    clean = _CLEANERS.get(family)
    if clean is not None:
        name = clean(name)
    name = _COUNTERS.sub("#", _ADDRESS.sub("", name))
    return ANONYMOUS if name in _ANONYMOUS_NAMES else name


def line_of(context_line: str | None) -> str:
    """The source line, as a stand-in for a name; "" when it is cut or too long to be one line of code."""
    if not context_line or len(context_line) > _LINE_CHARS_MAX * 4:
        return ""
    line = " ".join(context_line.split())
    return "" if len(line) > _LINE_CHARS_MAX or "{snip}" in line else line


# Longer lines are minified or data. Sentry's figure.
_LINE_CHARS_MAX = 120

# --- names

_COMPREHENSIONS = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"})  # Inlined since Python 3.12.
_ANONYMOUS_NAMES = frozenset(
    {"", "?", "??", "<anonymous>", "(anonymous)", "anonymous", "<unknown>", "unknown", "eval", "<lambda>", "lambda"}
    | {"{closure}", "<fn>", "fn", "func", "function", "<redacted>", "HTMLDocument", "???", "undefined", "null"}
)
_ADDRESS = re.compile(r"(?:@|\+?0x)[0-9a-fA-F]{4,}\b")
_COUNTERS = re.compile(r"\d{4,}")

_JS_PREFIX = re.compile(r"^(?:(?:async|new|get|set|bound|global code|module code)\s+|[\w ]*\*)+")
_JS_ALIAS = re.compile(r"\s*\[as [^\]]*\]")


def _javascript(name: str) -> str:
    """`Object.pay`, `async pay`, `pay [as onclick]` and Firefox's `pay/<` are all `pay`."""
    name = _JS_ALIAS.sub("", _JS_PREFIX.sub("", name))
    name = name.rstrip("/<").rsplit("/", 1)[-1] if name.endswith(("/<", "</<")) else name
    return name.rstrip(".").rsplit(".", 1)[-1].strip()


_JAVA_GENERATED = (
    (re.compile(r"lambda\$([\w$]+)\$\d+"), r"lambda$\1"),
    (re.compile(r"\$anonfun\$([\w$]+?)\$\d+(?:\$adapted)?"), r"$anonfun$\1"),
    (re.compile(r"(access|fn__|eval|CGLIB\$\w+)\$?\d+"), r"\1"),
)


def _java(name: str) -> str:
    for pattern, replacement in _JAVA_GENERATED:
        name = pattern.sub(replacement, name)
    return name


_CSHARP_GENERATED = (
    (re.compile(r"<>c__DisplayClass[\d_]+"), "<>c"),
    (re.compile(r"<(\w*)>[a-z]__[\w|]*?(\d+_?)*(?=\W|\Z)"), r"<\1>"),
    (re.compile(r"`\d+"), ""),
)


def _csharp(name: str) -> str:
    for pattern, replacement in _CSHARP_GENERATED:
        name = pattern.sub(replacement, name)
    return name


_PHP_CLOSURE = re.compile(r"\{closure[^}]*\}")
_PHP_CLASS = re.compile(r"(class@anonymous).*")


def _php(name: str) -> str:
    return _PHP_CLOSURE.sub("{closure}", _PHP_CLASS.sub(r"\1", name))


_RUBY_BLOCK = re.compile(r"^(?:block|rescue|ensure)(?: \(\d+ levels\))?(?: in)?\s*")
_RUBY_TEMPLATE = re.compile(r"_(erb|haml|slim|jbuilder|rhtml)__+[\d_]+$")


def _ruby(name: str) -> str:
    while (inner := _RUBY_BLOCK.sub("", name, count=1)) != name and inner:
        name = inner
    return _RUBY_TEMPLATE.sub(r"_\1", name)


_GO_CLOSURE = re.compile(r"(?<=\.)func\d+(?:\.\d+|\.func\d+)*")
_GO_GENERATED = re.compile(r"-fm\Z|·dwrap·\d+|\[\.\.\.\]")


def _go(name: str) -> str:
    return _GO_CLOSURE.sub("func", _GO_GENERATED.sub("", name))


_RUST_HASH = re.compile(r"::h[0-9a-f]{16}\Z")
_NATIVE_CLOSURE = re.compile(r"\{\{?closure\}?\}?(?:#\d+\}?)?(?:\.\d+)?|\$_\d+|'lambda\d*'\(.*?\)")
_NATIVE_ARGUMENTS = re.compile(
    r"\((?!anonymous|lambda)[^()]*(?:\([^()]*\)[^()]*)*\)\s*(?:const|volatile|&|&&|noexcept)*\Z"
)
_NATIVE_TEMPLATE = re.compile(r"<[^<>]*>")
_NATIVE_SUFFIX = re.compile(r"\.(?:llvm|cold|part|isra|constprop|lto_priv)[.\d]*\Z")


def _native(name: str) -> str:
    """Without arguments and template arguments, which differ between compilers."""
    name = _NATIVE_CLOSURE.sub("{closure}", _NATIVE_SUFFIX.sub("", _RUST_HASH.sub("", name)))
    name = _NATIVE_ARGUMENTS.sub("", name)
    if name.startswith(("<", "-[", "+[")) or "operator" in name:
        return name
    while (shorter := _NATIVE_TEMPLATE.sub("", name)) != name:
        name = shorter
    return name


_CLEANERS = {
    "javascript": _javascript,
    "java": _java,
    "csharp": _csharp,
    "php": _php,
    "ruby": _ruby,
    "go": _go,
    "native": _native,
}

# --- places

_MODULE_GENERATED = (
    (re.compile(r"\$\$Lambda(?:\$\d+)?(?:[/.]0x[0-9a-fA-F]+|/\d+)?"), "$$Lambda"),
    (re.compile(r"\$\$(EnhancerBy\w+|FastClassBy\w+|KeyFactoryBy\w+)\$\$[0-9a-f]+"), r"$$\1"),
    (re.compile(r"\$\$SpringCGLIB\$\$\d+"), "$$SpringCGLIB"),
    (re.compile(r"\$Proxy\d+"), "$Proxy"),
    (re.compile(r"(Generated(?:Method|Constructor|SerializationConstructor)Accessor)\d+"), r"\1"),
    (re.compile(r"(\$anonfun|\$anon|fn__|eval|reify__|Script)\$?\d+"), r"\1"),
    (re.compile(r"<>c__DisplayClass[\d_]+"), "<>c"),
    (re.compile(r"<(\w*)>[a-z]__\d+"), r"<\1>"),
    (re.compile(r"class@anonymous.*", re.DOTALL), "class@anonymous"),
    (re.compile(r"@[0-9a-f]{4,}\b"), ""),
)
_MODULE_SUSPECT = re.compile(r"[$@<]|fn__|eval\d|Accessor\d|Script\d|reify|://|\d{4}|/")


def _module(module: str, family: Family) -> str:
    module = module[:_SYMBOL_CHARS_MAX].split("\x00", 1)[0]
    if family == "javascript":
        module = _without_build(module)
    if _MODULE_SUSPECT.search(module) is None:
        return module
    for pattern, replacement in _MODULE_GENERATED:
        module = pattern.sub(replacement, module)
    if "://" in module or module.startswith("/"):
        return ""
    parts = [_VERSION.sub("", part) for part in module.split("/") if not _is_build(part)]
    return _COUNTERS.sub("#", "/".join(parts))


_NO_FILES = frozenset({"<anonymous>", "[native code]", "native", "?", "<unknown>", "unknown", "undefined", "anonymous"})
_ORIGIN = re.compile(r"^[A-Za-z][\w+.\-]*:/*(?:[^/]*/)?|^[A-Za-z]:[\\/]")
_FILE_SCHEME = re.compile(r"^(?:file|webpack|webpack-internal|app|node|ng|rollup|vite)://[^/]*|^node:")
_PHP_EVAL = re.compile(r"\(\d+\) : (?:eval\(\)'d code|runtime-created function).*")
_NOTEBOOK = re.compile(r"<ipython-input-\d+-\w+>")
# Names that every folder has: the folder says more.
_NONDESCRIPT = frozenset({"index", "__init__", "mod", "page", "route", "layout", "views", "models"})


def _file(filename: str, family: Family) -> str:
    name = filename[-1_024:].strip()
    if name in _NO_FILES:
        return ""
    if name.startswith("<"):
        return _NOTEBOOK.sub("<ipython-input>", name)
    name = _PHP_EVAL.sub("", name) if family == "php" else name
    name = re.split(r"[?#]", name, maxsplit=1)[0] if "://" in name else name
    parts = [part for part in re.split(r"[/\\]+", _path_of(name)) if part not in ("", ".", "..")]
    if not parts:
        return ""
    base = _without_build(parts[-1]).lower()
    if base.split(".", 1)[0] in _NONDESCRIPT:
        folder = next((part for part in reversed(parts[:-1]) if not _is_build(part)), "")
        return f"{folder}/{base}".lstrip("/")
    return base


def _path_of(name: str) -> str:
    if (scheme := _FILE_SCHEME.match(name)) is not None:
        return name[scheme.end() :]
    return _ORIGIN.sub("/", name)


_VERSION = re.compile(r"[-.@_]v?\d+(?:\.\d+)+(?:[-.](?:alpha|beta|rc)[.\d]*)?(?=[.\-]|\Z)|^v?\d+(?:\.\d+)+(?=\.)")
_PIECE = re.compile(r"(?:(?<=[.\-_~])|^)[A-Za-z0-9_]{6,64}(?=\.|\Z|~)|(?<=[.\-])[A-Za-z0-9_\-]{8}(?=\.)")
_NUMBERED = re.compile(r"(?:(?<=[.\-_~])|^)\d+(?=[.\-~]|\Z)")


def _without_build(base: str) -> str:
    """`app.3f2a1b.js` and `app-BfK3_a9Q.js` → `app.js`; `jquery-3.6.0.min.js` → `jquery.min.js`; `412.js` → `#.js`."""
    base = _VERSION.sub("", base)
    base = _PIECE.sub(lambda match: "" if _is_hash(match[0]) else match[0], base)
    return re.sub(r"[.\-~]+(?=\.|\Z)", "", _NUMBERED.sub("#", base))


def _is_build(part: str) -> bool:
    """Whether a folder is named for a build, a release or a host rather than for what is in it."""
    return bool(re.fullmatch(r"v?\d[\d.\-_]*", part)) or _is_hash(part)


def _is_hash(text: str) -> bool:
    if re.fullmatch(r"[0-9a-f]{6,64}|[0-9A-F]{6,64}", text):
        return any(character.isdigit() for character in text)
    if not 8 <= len(text) <= 64:
        return False
    capitals = sum(character.isupper() for character in text[1:])
    digits = sum(character.isdigit() for character in text)
    return (digits > 0 and capitals > 1) or (len(text) == 8 and (capitals >= 4 or (capitals >= 3 and "_" in text)))
