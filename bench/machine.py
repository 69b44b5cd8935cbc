"""Looking at processes and the machine through /proc."""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Memory(NamedTuple):
    processes: int
    rss_mb: float
    pss_mb: float  # shared pages are counted once over all processes


def family(root: int) -> list[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))):
            children.setdefault(int(stat[1]), []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return sorted(found)


def memory(pids: Iterable[int]) -> Memory:
    """What the processes hold."""
    rss = pss = count = 0
    for pid in pids:
        try:
            rss += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        count += 1
        pss += sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
    return Memory(count, round(rss / 2**20, 1), round(pss / 2**20, 1))


class Processor:
    """CPU seconds of a family of processes, those that ended included."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._seen: dict[tuple[int, str], float] = {}
        self._start = self._total()

    def used_s(self) -> float:
        """Since this was made."""
        return self._total() - self._start

    def _total(self) -> float:
        for pid in family(self._root):
            if stat := _stat(pid):
                self._seen[pid, stat[19]] = (int(stat[11]) + int(stat[12])) / TICK
        return sum(self._seen.values())


def command_of(pid: int) -> str:
    """The command line of a process, "" when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def disk_bytes(directory: Path) -> int:
    """The size of all files below a directory. Files may come and go meanwhile."""
    total = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            try:
                total += os.lstat(Path(folder, name)).st_size
            except OSError:
                continue
    return total


def wait_quiet(share_max: float = 0.10, quiet_s: int = 3, wait_s_max: float = 60) -> float:
    """Wait until the whole machine is idle. Return the last share of busy processors seen."""
    share, quiet, end_s = 1.0, 0, time.monotonic() + wait_s_max
    while quiet < quiet_s and time.monotonic() < end_s:
        before = _busy_s()
        time.sleep(1)
        share = (_busy_s() - before) / (os.cpu_count() or 1)
        quiet = quiet + 1 if share < share_max else 0
    return round(share, 3)


def describe() -> dict[str, str]:
    """The machine, in words."""
    cpu = next(
        (line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "unknown"
    )
    ram = next(int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))
    uname = os.uname()
    return {
        "processors": f"{os.cpu_count()} × {cpu}",
        "memory": f"{ram / 2**20:.0f} GiB",
        "system": f"{uname.sysname} {uname.release} {uname.machine}",
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat behind the name: state, parent, …"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None


def _busy_s() -> float:
    fields = [int(field) for field in _lines("/proc/stat")[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICK
