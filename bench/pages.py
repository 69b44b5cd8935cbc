"""How long pages take with a million events in ten thousand issues."""

import http.client
import http.cookiejar
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator

from bench import machine
from bench.report import Row
from bench.server import HERE, Server, Tools
from tests.running import PASSWORD

EVENTS, ISSUES = 1_000_000, 10_000
ASKED = 100


def measure(tools: Tools) -> Iterator[Row]:
    """Whole answers, as a browser gets them over one connection, after three to warm up."""
    with Server(tools, "pages") as server:
        fill = [sys.executable, "-m", "bench.fill", str(server.project["id"]), str(EVENTS), str(ISSUES)]
        subprocess.run(fill, check=True, cwd=HERE.parent, env=server.running.environment)
        machine.wait_quiet()
        cookie = sign_in(server)
        issue = server.running.get("/api/v1/issues?limit=1", token=server.token)["items"][0]["key"]
        for name, path in {
            "issue stream": "/issues/",
            "issue stream, a search on events": "/issues/?q="
            + urllib.parse.quote("environment:staging browser:Firefox"),
            "issue page": f"/issues/{issue}/",
        }.items():
            times = ask(server, path, {"Cookie": cookie})
            yield Row(
                f"{name}, p95", times[int(len(times) * 0.95)], "ms", "≤ 100", f"p50 {times[len(times) // 2]:.0f} ms"
            )


def sign_in(server: Server) -> str:
    """Sign in as a person does, and return the cookies."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    form = opener.open(f"{server.running.url}/signin/").read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token, "the sign-in page has no form"
    fields = {"csrfmiddlewaretoken": token[1], "email": "olga@shop.example", "password": PASSWORD}
    answer = opener.open(f"{server.running.url}/signin/", urllib.parse.urlencode(fields).encode())
    assert "/signin/" not in answer.url, "could not sign in"
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def ask(server: Server, path: str, headers: dict[str, str], *, times_asked: int = ASKED) -> list[float]:
    """The times of many answers in milliseconds, shortest first."""
    connection = http.client.HTTPConnection("127.0.0.1", server.running.port, timeout=60)
    times = []
    for number in range(times_asked + 3):
        began_s = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, f"{path} answered {answer.status}"
        if number >= 3:
            times.append((time.perf_counter() - began_s) * 1000)
    connection.close()
    return sorted(times)
