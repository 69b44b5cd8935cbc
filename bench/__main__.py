"""`make bench`, or `python -m bench [MEASURE…]`: measure, show a table, write BENCHMARKS.md."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import report
from bench.measures import ALL
from bench.server import HERE, Tools

# Zipf over 200 issues; 5,000 bodies are 38 MB in the generator's memory.
CORPUS_EVENTS = 5_000


def main() -> int:
    options = _options()
    # Where it is set, a start compiles every module anew: a second that no installation pays.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="errata-bench-") as made:
        scratch = (options.scratch or Path(made)).resolve()
        scratch.mkdir(parents=True, exist_ok=True)
        tools = Tools(scratch=scratch, loadgen=_loadgen(scratch), corpus=options.corpus or _corpus(scratch))
        measured = {}
        for name in options.measures or ALL:
            print(f"\n{name}: {ALL[name].__doc__ or ''}", flush=True)
            measured[name] = list(ALL[name](tools))
            print(report.table(measured[name]), flush=True)
    if not options.no_write:
        report.write(measured)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("measures", nargs="*", choices=[*ALL, []], help="which; all when none is named")
    parser.add_argument("--scratch", type=Path, help="where data directories go and stay; a temporary place otherwise")
    parser.add_argument("--corpus", type=Path, help="a packed corpus to use, instead of building one")
    parser.add_argument("--no-write", action="store_true", help="leave BENCHMARKS.md alone")
    return parser.parse_args()


def _loadgen(scratch: Path) -> Path:
    program = scratch / "loadgen"
    _run(["gcc", "-O2", "-Wall", "-o", str(program), str(HERE / "loadgen.c"), "-lz", "-lm"])
    return program


def _corpus(scratch: Path) -> Path:
    directory = scratch / "corpus"
    directory.mkdir(exist_ok=True)
    print(f"Building the corpus: {CORPUS_EVENTS:,} errors of a made-up shop, through the real SDK …", flush=True)
    _run([sys.executable, "-m", "bench.corpus.write_shop", str(directory)])
    _run([sys.executable, "-m", "bench.corpus.record", str(directory), str(CORPUS_EVENTS)])
    _run([sys.executable, "-m", "bench.corpus.pack", str(directory)])
    return directory / "errors.envc"


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, cwd=HERE.parent)


if __name__ == "__main__":
    sys.exit(main())
