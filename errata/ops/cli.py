"""The command line: one file a command in errata/ops/commands, found by its name.

A command module has `register(subparsers)`, which adds its parser and says `set_defaults(run=run)`, and
`run(args) -> int`. Exit codes: 0 done, 1 refused or failed, 2 used wrongly.
"""

import argparse
import importlib
import json
import os
import pkgutil
import sys
from collections.abc import Iterable
from types import ModuleType

import errata
from errata.core.errors import Refusal
from errata.ops import commands
from errata.ports.event_store import StoreUnavailable

# These must start without Django: the supervisor because it stays small, doctor because it tells why Django can't.
_WITHOUT_DJANGO = frozenset({"serve", "doctor"})


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = sys.argv[1:] if argv is None else argv
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "errata.ops.django_settings")
    try:
        parser = _parser(_modules(words))
        if not words:
            parser.print_help(sys.stderr)
            return 2
        arguments = parser.parse_args(words)
        return int(arguments.run(arguments))
    except Refusal as refusal:
        _print_refusal(refusal, as_json="--json" in words)
        return 1
    except StoreUnavailable as error:
        unavailable = Refusal(f"The event store doesn't answer: {error}. Is `errata serve` running?")
        unavailable.code = "event_store_unavailable"
        _print_refusal(unavailable, as_json="--json" in words)
        return 1
    except _database_errors():
        # A command of a new version on records that `serve` has not brought up to it yet.
        if not _records_behind():
            raise
        behind = Refusal(
            "The records are of an older version. `errata serve` brings them up, and so does `errata migrate`."
        )
        behind.code = "records_behind"
        _print_refusal(behind, as_json="--json" in words)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output (head, a pager) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _database_errors() -> tuple[type[Exception], ...]:
    """What the database raises, in a process that has one: `serve` has no Django."""
    loaded = sys.modules.get("django.db")
    return (loaded.DatabaseError,) if loaded else ()


def _records_behind() -> bool:
    from errata.ops.databases import waiting_migrations  # needs Django, which is set up by now

    return waiting_migrations() > 0


def _modules(words: list[str]) -> Iterable[ModuleType]:
    """Import the command that is asked for, and only for an overview all of them."""
    names = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))
    wanted = [words[0]] if words and words[0] in names else names
    if not _WITHOUT_DJANGO.issuperset(wanted):
        _set_up_django()
    return [importlib.import_module(f"{commands.__name__}.{name}") for name in wanted]


def _set_up_django() -> None:
    # Costs 0.3 s and 30 MB, which `serve` must not pay.
    import django

    django.setup()


def _parser(modules: Iterable[ModuleType]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="errata", description="Issue management and error tracking, self-hosted.")
    parser.add_argument("--version", action="version", version=f"errata {errata.__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in modules:
        module.register(subparsers)
    return parser


def _print_refusal(refusal: Refusal, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"error": {"code": refusal.code, "message": refusal.message}}))  # noqa: T201 - the answer
    else:
        print(f"errata: {refusal.message}", file=sys.stderr)  # noqa: T201 - the answer
