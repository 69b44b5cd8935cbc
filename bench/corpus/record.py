"""Runs the made-up shop, a real Django WSGI application, under the real sentry-sdk, and keeps every envelope the SDK
serialises: u32 little-endian length and bytes, repeated, in `errors.bin`, and which issue each is of in `errors.json`.

    python -m bench.corpus.record DIRECTORY COUNT

The directory holds what `write_shop` wrote.
"""

import contextlib
import importlib
import io
import json
import logging
import random
import sqlite3
import struct
import sys
import time
import types
import uuid
from pathlib import Path
from typing import Any

import django
import sentry_sdk
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.transport import Transport

ISSUES = 200
chance = random.Random(7)

FIRST = (
    "amelie boris chen dalia emeka fatima gustav hana ines jonas kofi lena mateo nadia oskar priya quentin rosa sven"
    " tariq"
)
LAST = (
    "almeida brandt castro dubois eriksen ferrari garcia haddad ivanov jensen kowalski lindqvist moreau novak okafor"
    " petrov"
)
CITIES = ["Berlin", "Lisbon", "Lyon", "Gdansk", "Porto", "Malmo", "Turin", "Graz", "Leeds", "Ghent"]
ACTIONS = ["list", "create", "confirm", "sync"]
BROWSERS = """\
Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36
Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15
Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0
Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/604.1\
""".splitlines()
STATEMENTS = """\
SELECT "orders_order"."id", "orders_order"."status", "orders_order"."total" FROM "orders_order" WHERE ... LIMIT 20
SELECT "catalog_product"."id", "catalog_product"."sku" FROM "catalog_product" WHERE "catalog_product"."sku" IN (%s, %s)
UPDATE "inventory_stock" SET "reserved" = "inventory_stock"."reserved" + %s WHERE "inventory_stock"."warehouse_id" = %s
INSERT INTO "audit_entry" ("actor_id", "verb", "object_id", "at") VALUES (%s, %s, %s, %s) RETURNING "id"\
""".splitlines()
log = logging.getLogger("acme.web")


def random_hex() -> str:
    return uuid.UUID(int=chance.getrandbits(128)).hex


class Keep(Transport):
    """A transport that keeps what it should send."""

    envelopes: list[bytes] = []

    def capture_envelope(self, envelope: Any) -> None:
        if any(item.headers.get("type") == "event" for item in envelope.items):
            self.envelopes.append(envelope.serialize())


class Context:
    """What the shop's functions hand along: the rest of the flow, the request, the customer. They become locals."""

    def __init__(self, chain: list[Any], flow_name: str, areas: list[str]) -> None:
        first, last = chance.choice(FIRST.split()), chance.choice(LAST.split())
        self.chain, self.flow_name, self.rng = list(chain), flow_name, chance
        self.request_id = random_hex()
        self.currency = chance.choice(["EUR", "USD", "GBP", "SEK"])
        self.locale = chance.choice(["de_DE", "en_GB", "fr_FR", "pl_PL"])
        self.tenant = f"tenant-{chance.randint(1, 400):03}"
        self.customer = {
            "id": chance.randint(1, 900_000),
            "email": f"{first}.{last}{chance.randint(1, 99)}@mail.example",
            "name": f"{first} {last}".title(),
            "city": chance.choice(CITIES),
            "since": f"20{chance.randint(10, 24)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
        }
        self.lines = [self._line() for _ in range(chance.randint(2, 7))]
        self.cache: dict[str, Any] = {}
        self.settings = {
            area: {"retries": chance.randint(1, 4), "timeout": round(chance.uniform(0.5, 4), 2)} for area in areas[:5]
        }
        names = ["new-checkout", "fast-search", "beta-tax", "split-shipment", "dark-mode", "loyalty-v2"]
        self.flags = set(chance.sample(names, 3))
        self.limits = {"max_weight_g": 90_000, "discount": chance.randint(10, 90)}
        self.db = sqlite3.connect(":memory:")

    def _line(self) -> dict[str, Any]:
        return {
            "sku": f"SKU-{chance.randint(1, 999_999):06}",
            "qty": chance.randint(1, 9),
            "unit_price": round(chance.uniform(1, 400), 2),
            "weight_g": chance.randint(20, 900),
            "warehouse": chance.choice(["ber-1", "lis-2", "gdn-1"]),
        }

    def next(self) -> Any:
        return self.chain.pop(0)

    def clock(self) -> float:
        return time.perf_counter()

    def record(self, noun: str) -> dict[str, Any]:
        return {
            "id": chance.randint(1, 10**7),
            "kind": noun,
            "status": chance.choice(["open", "pending", "paid", "shipped"]),
            "reference": f"{noun[:3].upper()}-{random_hex()[:12]}",
            "note": f"Please leave the parcel with the neighbour at number {chance.randint(1, 200)}, {self.locale}",
            "amount": round(chance.uniform(3, 3000), 2),
        }

    def rows(self, noun: str, count: int) -> list[dict[str, Any]]:
        return [self.record(noun) for _ in range(count)]

    @contextlib.contextmanager
    def span(self, _name: str) -> Any:
        yield


class Shop:
    """The shop as a WSGI application; each issue has its fixed chain of calls."""

    def __init__(self, directory: Path) -> None:
        sys.path.insert(0, str(directory))
        found = json.loads((directory / "steps.json").read_text())
        self.steps: dict[str, list[str]] = found["steps"]
        self.leaves: dict[str, tuple[str, str]] = found["leaves"]
        self.areas = list(self.steps)
        self.modules = {area: importlib.import_module(f"acme.{area}") for area in self.areas}
        self.chains = [self._chain(issue) for issue in range(ISSUES)]
        self.issue = 0
        self.application = self._application()

    def fail(self, issue: int) -> None:
        """Make the request that fails in this way."""
        self.issue = issue
        area = self.leaves[str(issue)][0]
        for _ in self.application(request_of(area, ACTIONS[issue % 4]), lambda *_, **__: None):
            pass

    def _chain(self, issue: int) -> list[Any]:
        """6 to 34 functions of the application; a quarter of the issues has a chained exception in it."""
        own = random.Random(1000 + issue)
        area, leaf = self.leaves[str(issue)]
        near = [area, *own.sample(self.areas, 3)]
        calls = []
        for _ in range(min(34, max(5, int(own.gauss(17, 8))))):
            where = own.choice(near)
            calls.append(getattr(self.modules[where], own.choice([s for s in self.steps[where] if s[0] != "!"])))
        if issue % 4 == 0:
            translator = own.choice([s for s in self.steps[area] if s[0] == "!"])[1:]
            calls.insert(own.randint(1, len(calls)), getattr(self.modules[area], translator))
        return [*calls, getattr(self.modules[area], leaf)]

    def _view(self, area: str, action: str) -> Any:
        def view(_request: Any) -> Any:
            leaf = self.leaves[str(self.issue)][1]
            context = Context(self.chains[self.issue], f"{leaf} flow of {area}", self.areas)
            describe(context)
            leave_breadcrumbs(context, self.areas, chance.randint(20, 50))
            return context.next()(context, {"source": "web", "area": area}, chance.randint(1, 9))

        view.__name__ = view.__qualname__ = f"{area}_{action}"
        view.__module__ = "acme.web"
        return view

    def _application(self) -> Any:
        urls = types.ModuleType("shop_urls")
        urls.urlpatterns = [  # type: ignore[attr-defined]
            path(f"api/v1/{area}/{action}/", self._view(area, action)) for area in self.areas for action in ACTIONS
        ]
        sys.modules["shop_urls"] = urls
        return get_wsgi_application()


def leave_breadcrumbs(context: Context, areas: list[str], count: int) -> None:
    for step in range(count):
        kind = chance.random()
        area = chance.choice(areas)
        if kind < 0.4:
            timing = {"db.system": "postgresql", "duration_ms": round(chance.expovariate(0.3), 2)}
            sentry_sdk.add_breadcrumb(category="query", message=chance.choice(STATEMENTS), data=timing)
        elif kind < 0.65:
            call = {
                "url": f"https://{area}.internal.acme.example/v2/{chance.choice(areas)}/{chance.randint(1, 99_999)}",
                "http.method": chance.choice(["GET", "POST"]),
                "http.response.status_code": chance.choice([200, 200, 200, 201, 204, 404]),
                "reason": "OK",
            }
            sentry_sdk.add_breadcrumb(type="http", category="httplib", data=call)
        elif kind < 0.8:
            command = {"db.operation": "GET", "redis.key": f"k{chance.randint(1, 9999)}"}
            message = f"GET '{area}:{chance.randint(1, 99_999)}'"
            sentry_sdk.add_breadcrumb(type="redis", category="redis", message=message, data=command)
        else:
            log.info("%s step %d for %s took %d ms", area, step, context.customer["email"], chance.randint(1, 90))


def describe(context: Context) -> None:
    customer = context.customer
    user = {"id": str(customer["id"]), "email": customer["email"], "username": customer["name"]}
    sentry_sdk.set_user({**user, "ip_address": f"198.51.100.{chance.randint(1, 254)}"})
    tags = {
        "tenant": context.tenant,
        "currency": context.currency,
        "locale": context.locale,
        "region": chance.choice(["eu-central", "eu-west", "us-east"]),
        "plan": chance.choice(["free", "team", "business"]),
        "worker": f"web-{chance.randint(1, 8)}",
        "checkout.version": chance.choice(["a", "b"]),
    }
    for key, value in tags.items():
        sentry_sdk.set_tag(key, value)
    total = round(sum(line["qty"] * line["unit_price"] for line in context.lines), 2)
    order = {"id": chance.randint(1, 10**7), "lines": len(context.lines), "total": total}
    sentry_sdk.set_context("order", {**order, "channel": chance.choice(["web", "app", "pos"])})
    sentry_sdk.set_context("flags", dict.fromkeys(context.flags, True))
    device = {
        "name": chance.choice(["Desktop", "iPhone 15", "Pixel 8"]),
        "family": chance.choice(["PC", "iPhone", "Pixel"]),
    }
    sentry_sdk.set_context("device", {**device, "memory_size": chance.choice([4, 8, 16]) * 2**30})


def request_of(area: str, action: str) -> dict[str, Any]:
    """A WSGI request of a browser."""
    cart = {"cart": chance.randint(1, 10**6), "coupon": chance.choice(["SPRING", "WELCOME", None])}
    body = json.dumps({**cart, "items": [chance.randint(1, 10**5) for _ in range(3)]}).encode()
    return {
        "REQUEST_METHOD": chance.choice(["POST", "GET", "PUT"]),
        "SCRIPT_NAME": "",
        "PATH_INFO": f"/api/v1/{area}/{action}/",
        "QUERY_STRING": f"page={chance.randint(1, 40)}&sort=-created&tenant={chance.randint(1, 400)}",
        "SERVER_NAME": "shop.acme.example",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_ADDR": f"198.51.100.{chance.randint(1, 254)}",
        "HTTP_HOST": "shop.acme.example",
        "HTTP_USER_AGENT": chance.choice(BROWSERS),
        "HTTP_ACCEPT": "application/json",
        "HTTP_ACCEPT_ENCODING": "gzip, deflate, br",
        "HTTP_ACCEPT_LANGUAGE": "de,en;q=0.8",
        "HTTP_REFERER": f"https://shop.acme.example/{area}/",
        "HTTP_X_REQUEST_ID": random_hex(),
        "HTTP_COOKIE": f"sessionid={'s' * 32}; csrftoken={'c' * 32}",
        "HTTP_X_FORWARDED_FOR": f"198.51.100.{chance.randint(1, 254)}",
        "HTTP_X_FORWARDED_PROTO": "https",
    }


def set_up(directory: Path) -> None:
    sentry_sdk.init(
        dsn="http://0123456789abcdef0123456789abcdef@127.0.0.1:9/1",
        transport=Keep,
        integrations=[DjangoIntegration()],
        send_default_pii=True,
        release="acme-shop@2024.6.1",
        environment="production",
        server_name="web-1.eu-central.acme.example",
        traces_sample_rate=0.0,
        project_root=str(directory),
        in_app_include=["acme"],
        max_breadcrumbs=100,
        auto_session_tracking=False,
    )
    security = "django.middleware.security.SecurityMiddleware"
    clickjacking = "django.middleware.clickjacking.XFrameOptionsMiddleware"
    settings.configure(
        DEBUG=False,
        SECRET_KEY="x" * 50,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="shop_urls",
        USE_TZ=True,
        MIDDLEWARE=[security, "django.middleware.common.CommonMiddleware", clickjacking],
        INSTALLED_APPS=[],
        LOGGING_CONFIG=None,
    )
    logging.getLogger("django").setLevel(logging.CRITICAL)
    logging.getLogger("acme").setLevel(logging.INFO)
    logging.lastResort = None
    django.setup()


def record(directory: Path, count: int) -> None:
    """Let every issue fail once, and then so that issue k fails 1/k as often as the first (Zipf)."""
    set_up(directory)
    shop = Shop(directory)
    shop.fail(0)  # fills Django's and the SDK's caches
    Keep.envelopes.clear()
    captured_at = time.time()
    issues = [*range(ISSUES), *chance.choices(range(ISSUES), [1 / (k + 1) for k in range(ISSUES)], k=count - ISSUES)]
    chance.shuffle(issues)
    for issue in issues:
        sentry_sdk.get_client().options["release"] = f"acme-shop@2024.6.{chance.randint(1, 6)}"
        shop.fail(issue)
    assert len(Keep.envelopes) == count, f"{count} failures made {len(Keep.envelopes)} envelopes"
    with (directory / "errors.bin").open("wb") as file:
        for envelope in Keep.envelopes:
            file.write(struct.pack("<I", len(envelope)) + envelope)
    about = {"sdk": sentry_sdk.VERSION, "captured_at": captured_at, "issues": issues}
    (directory / "errors.json").write_text(json.dumps(about))


if __name__ == "__main__":
    record(Path(sys.argv[1]).resolve(), int(sys.argv[2]))
