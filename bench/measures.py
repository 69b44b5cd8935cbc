"""The measures. Each starts what it needs, and returns rows: what, the number, the limit, and notes."""

import os
import signal
import time
from collections.abc import Callable, Iterator

from bench import machine, pages, team
from bench.report import Row
from bench.server import Server, Tools, result_of


def saturation(tools: Tools) -> Iterator[Row]:
    """As much as it takes, for a minute; then until the last event is counted."""
    with Server(tools, "saturation") as server:
        quiet = machine.wait_quiet()
        processor = machine.Processor(server.pid)
        load = server.load("--duration", "60", "--connections", "32", "--count", "10000000")
        began_s, peak = time.monotonic(), machine.Memory(0, 0, 0)
        while load.poll() is None:
            time.sleep(0.5)
            peak = max(peak, machine.memory(machine.family(server.pid)), key=lambda m: m.pss_mb)
        result = result_of(load)
        drain_s = server.wait_counted(result["accepted"], within_s=300)
        wall_s = time.monotonic() - began_s
        peak = max(peak, machine.memory(machine.family(server.pid)), key=lambda m: m.pss_mb)
        cpu_us = processor.used_s() / result["accepted"] * 1e6
        lost = result["accepted"] - server.counted()
    codes = ", ".join(f"{count} × {code}" for code, count in result["codes"].items())
    latency = result["latency_ms"]
    yield Row("end to end, accepted and counted", result["accepted"] / wall_s, "events/s", "≥ 2,500", codes)
    yield Row("backlog after the load ends", drain_s, "s", "≤ 5")
    yield Row("answer at saturation, p99", latency["p99"], "ms", "≤ 500", f"p50 {latency['p50']:.0f} ms")
    yield Row("server processor time", cpu_us, "µs/event", "")
    yield Row("generator processor time", result["generator_cpu_s"] / result["accepted"] * 1e6, "µs/event", "")
    yield Row("peak memory, all processes", peak.pss_mb, "MB PSS", "≤ 1,200", f"RSS {peak.rss_mb:.0f} MB")
    yield Row("acknowledged, not counted", lost, "events", "0", f"machine {quiet:.0%} busy before")


def low_rate(tools: Tools) -> Iterator[Row]:
    """20 events a second, at random moments: what a quiet day feels like."""
    with Server(tools, "low-rate") as server:
        machine.wait_quiet()
        processor = machine.Processor(server.pid)
        began_s = time.monotonic()
        result = result_of(server.load("--rate", "20", "--poisson", "--count", "800", "--connections", "8"))
        share = processor.used_s() / (time.monotonic() - began_s)
        latency = result["latency_ms"]
        yield Row("answer at 20 events/s, p99", latency["p99"], "ms", "≤ 50", f"p50 {latency['p50']:.1f} ms")
        yield Row("processors busy at 20 events/s", share * 100, "% of one", "")


def disk(tools: Tools) -> Iterator[Row]:
    """All files of the data directory after 50,000 events, once they no longer change."""
    with Server(tools, "disk") as server:
        before = machine.disk_bytes(server.data)
        result = result_of(server.load("--count", "50000", "--connections", "16"))
        server.wait_counted(result["accepted"], within_s=300)
        after = _settled(server)
        yield Row("disk after 50,000 events", (after - before) / result["accepted"], "bytes/event", "≤ 4,000")


def _settled(server: Server) -> int:
    """The size once it stands still for longer than the event store waits before it looks for what it can remove."""
    sizes: list[int] = []
    for _ in range(72):
        sizes.append(machine.disk_bytes(server.data))
        if len(sizes) > 24 and max(sizes[-24:]) - min(sizes[-24:]) < 2**16:
            break
        time.sleep(5)
    return sizes[-1]


def at_rest(tools: Tools) -> Iterator[Row]:
    """Start, and do nothing."""
    server = Server(tools, "at-rest")
    first_s = server.start()
    server.running.initialise()
    server.running.stop()
    machine.wait_quiet()
    again_s = server.start()
    try:
        time.sleep(15)
        held = machine.memory(machine.family(server.pid))
        processor = machine.Processor(server.pid)
        time.sleep(10)
        share = processor.used_s() / 10
    finally:
        server.running.stop()
    yield Row("cold start to ready, new directory", first_s, "s", "≤ 10")
    yield Row("cold start to ready", again_s, "s", "≤ 10")
    yield Row("memory at rest, all processes", held.rss_mb, "MB RSS", "≤ 600", f"PSS {held.pss_mb:.0f} MB")
    yield Row("processors busy at rest", share * 100, "% of one", "")


def kill_all(tools: Tools) -> Iterator[Row]:
    """Kill every process at once in the middle of the load, start again, and look for what was acknowledged."""
    with Server(tools, "kill-all") as server:
        load = server.load("--duration", "8", "--connections", "32", "--count", "10000000")
        time.sleep(6)
        victims = machine.family(server.pid)
        for number in (signal.SIGSTOP, signal.SIGKILL):  # all at one moment, so that none ends in order
            for pid in victims:
                os.kill(pid, number)
        assert server.running.process
        server.running.process.wait()
        accepted = result_of(load)["accepted"]
        again_s = server.start()
        drain_s = server.wait_counted(accepted, within_s=120)
        counted = server.counted()
        lost, more = max(0, accepted - counted), max(0, counted - accepted)
        note = f"of {accepted:,}; {more} more were on disk before their answer"
        yield Row("acknowledged and lost by kill -9 of all", lost, "events", "0", note)
        yield Row("start with a backlog until all is counted", again_s + drain_s, "s", "")


ALL: dict[str, Callable[[Tools], Iterator[Row]]] = {
    "at-rest": at_rest,
    "low-rate": low_rate,
    "saturation": saturation,
    "disk": disk,
    "kill-all": kill_all,
    "pages": pages.measure,
    "process": team.process,
    "promptness": team.promptness,
}
