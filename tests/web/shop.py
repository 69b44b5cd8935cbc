"""A shop's programs, and how they fail: events in the store and issues in the records, for the pages to show."""

import random
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import orjson
import zstandard

from errata import ports
from errata.apps.issues import operations as issues
from errata.apps.issues.types import GroupDelta
from errata.apps.projects.types import ProjectView
from errata.apps.records import write
from errata.core.signal import EventFacts, Signal

FAILURES = (
    ("TypeError", "unsupported operand type(s) for +: 'NoneType' and 'Decimal'", "shop.basket in total", "error", 0),
    ("OperationalError", "server closed the connection unexpectedly", "shop.stock in reserve", "fatal", 0),
    ("CardDeclined", "the bank said no: insufficient_funds", "payments.charge in capture", "warning", 1),
    ("TimeoutError", "read timed out after 10.0 s", "shipping.rates in fetch", "error", 1),
    ("KeyError", "'billing_address'", "checkout.views in confirm", "error", 0),
    ("ValidationError", "E-mail address is not valid", "accounts.forms in clean_email", "info", 1),
    ("DeadlockDetected", "deadlock detected while updating stock_level", "shop.stock in decrement", "error", 0),
    ("ZeroDivisionError", "division by zero", "reports.margins in margin_of", "error", 0),
    (
        "UnicodeDecodeError",
        "'utf-8' codec can't decode byte 0xe9 in position 14",
        "imports.csv in read_row",
        "error",
        0,
    ),
    ("RateLimited", "429 from the geocoder: retry after 30 s", "shipping.geocode in locate", "warning", 1),
    ("AssertionError", "order 48213 has two invoices", "billing.invoices in issue", "fatal", 0),
    ("ReferenceError", "paymentSheet is not defined", "checkout.js in onPay", "error", 0),
)
_ENVIRONMENTS = ("production", "production", "production", "staging")
_BROWSERS = ("Firefox 140", "Chrome 141", "Safari 18.5", "Edge 141")


def payload(*, type_: str, value: str, culprit: str, event_id: str, at: datetime, **more: Any) -> dict[str, Any]:
    """An event as the Python SDK sends it."""
    module, _, function = culprit.partition(" in ")
    source = {
        "pre_context": [
            "def total(basket, *, voucher=None):",
            '    """Add up a basket."""',
            "    amount = Decimal(0)",
            "    for line in basket.lines:",
            "        # gift wrapping has no price yet",
        ],
        "context_line": "        amount += line.price * line.quantity + 1.5",
        "post_context": ["    if voucher:", '        amount -= voucher.worth("EUR")', "    return amount"],
    }
    frames = [
        {
            "filename": "django/core/handlers/base.py",
            "abs_path": "/venv/django/core/handlers/base.py",
            "function": "_get_response",
            "module": "django.core.handlers.base",
            "lineno": 197,
            "in_app": False,
            "context_line": "response = wrapped_callback(request, *callback_args, **callback_kwargs)",
        },
        {
            "filename": "checkout/views.py",
            "abs_path": "/app/checkout/views.py",
            "function": "confirm",
            "module": "checkout.views",
            "lineno": 88,
            "in_app": True,
            "context_line": "    amount = total(basket, voucher=voucher)",
            "pre_context": [
                "@require_POST",
                "def confirm(request):",
                "    basket = request.basket",
                "    voucher = None",
            ],
            "post_context": ["    charge(request.user, amount)"],
            "vars": {"request": "<WSGIRequest: POST '/checkout/confirm'>", "voucher": "None"},
        },
        {
            "filename": "shop/db.py",
            "abs_path": "/venv/shop/db.py",
            "function": "atomic",
            "module": "contextlib",
            "lineno": 79,
            "in_app": False,
        },
        {
            "filename": f"{module.replace('.', '/')}.py",
            "abs_path": f"/app/{module.replace('.', '/')}.py",
            "function": function,
            "module": module,
            "lineno": 42,
            "in_app": True,
            **source,
            "vars": {
                "basket": "<Basket 48213: 3 lines>",
                "amount": "Decimal('26.30')",
                "line": {"sku": "GIFT-WRAP", "price": None, "quantity": 1},
                "voucher": "None",
            },
        },
    ]
    exception = {
        "type": type_,
        "value": value,
        "module": None,
        "mechanism": {"type": "django", "handled": False},
        "stacktrace": {"frames": frames},
    }
    before = [(at - timedelta(seconds=seconds)).timestamp() for seconds in (31, 12.4, 3.2, 0.4)]
    return {
        "event_id": event_id,
        "timestamp": at.timestamp(),
        "platform": "python",
        "level": "error",
        "release": "shop@2.4.1",
        "environment": "production",
        "server_name": "web-2",
        "transaction": "/checkout/confirm",
        "exception": {"values": [exception]},
        "breadcrumbs": {
            "values": [
                {"timestamp": before[0], "category": "auth", "message": "ada signed in", "level": "info"},
                {
                    "timestamp": before[1],
                    "category": "query",
                    "message": "SELECT sku, price FROM basket_line WHERE basket_id = 48213",
                    "data": {"rows": 3, "ms": 1.8},
                },
                {
                    "timestamp": before[2],
                    "category": "httplib",
                    "type": "http",
                    "data": {"method": "GET", "url": "https://stock.example/v2/GIFT-WRAP", "status_code": 503},
                    "level": "warning",
                },
                {
                    "timestamp": before[3],
                    "category": "console",
                    "message": "price missing for GIFT-WRAP, assuming 0",
                    "level": "error",
                },
            ]
        },
        "request": {
            "method": "POST",
            "url": "https://shop.example/checkout/confirm",
            "query_string": "step=pay&lang=en",
            "headers": {
                "Host": "shop.example",
                "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Cookie": "[Filtered]",
                "Content-Type": "application/x-www-form-urlencoded",
            },
            "data": {"basket": "48213", "terms": "on"},
        },
        "user": {"id": "1815", "username": "ada", "email": "ada@shop.example", "ip_address": "203.0.113.7"},
        "contexts": {
            "runtime": {"type": "runtime", "name": "CPython", "version": "3.11.2"},
            "os": {"type": "os", "name": "Linux", "version": "6.1.0"},
            "trace": {
                "trace_id": "4c79f60c11214eb38604f4ae0781bfb2",
                "span_id": "b7ad6b7169203331",
                "op": "http.server",
            },
            "basket": {"lines": 3, "currency": "EUR"},
        },
        "tags": {"payment": "card", "browser": "Firefox 140", "region": "eu-central"},
        "extra": {"sys.argv": ["manage.py", "runserver"], "attempt": 2},
        "modules": {"django": "5.2.19", "sentry-sdk": "2.75.0", "psycopg": "3.3.9", "stripe": "15.0.0"},
        "sdk": {"name": "sentry.python.django", "version": "2.75.0"},
    } | more


def fail(
    project: ProjectView, *, number: int, at: datetime, times: Sequence[datetime] = (), seed: int = 1, **more: Any
) -> str:
    """Let a program fail some times: events in the store, an issue in the records. Return the newest event's id."""
    type_, value, culprit, level, handled = FAILURES[number % len(FAILURES)]
    value = more.pop("value", value)
    title = more.pop("title", f"{type_}: {value}")
    dice = random.Random(seed * 1_000 + number)
    signals = []
    for moment in sorted(times or [at]):
        event_id = uuid.UUID(int=dice.getrandbits(128)).hex
        body = orjson.dumps(payload(type_=type_, value=value, culprit=culprit, event_id=event_id, at=moment, **more))
        browser = dice.choice(_BROWSERS)
        facts = EventFacts(
            fingerprint=1_000 + number,
            title=title,
            culprit=culprit,
            level=level,
            platform="python",
            type="error",
            exception_type=type_,
            message=value,
            handled=handled,
            release=f"shop@2.4.{dice.randint(0, 2)}",
            dist="",
            environment=dice.choice(_ENVIRONMENTS),
            transaction="/checkout/confirm",
            logger="",
            server_name="web-2",
            location="shop/basket.py",
            trace_id="",
            span_id="",
            user=f"id:{dice.randint(1, 900)}",
            user_id="1815",
            user_email="ada@shop.example",
            user_name="ada",
            user_ip="203.0.113.7",
            sdk="sentry.python/2.75.0",
            tags=[
                ("browser", browser),
                ("payment", dice.choice(("card", "card", "invoice"))),
                ("region", "eu-central"),
            ],
        )
        ms = int(moment.timestamp() * 1_000)
        signals.append(
            Signal(
                kind="event",
                project_id=project.id,
                key_id=1,
                received_ms=ms + 40,
                timestamp_ms=ms,
                event_id=event_id,
                body=zstandard.compress(body),
                dictionary=0,
                body_bytes=len(body),
                facts=facts,
            )
        )
    ports.current().events.put(signals, token=f"{project.id}:{number}:{seed}:{at.timestamp()}")
    newest = signals[-1]
    assert newest.facts is not None
    delta = GroupDelta(
        project_id=project.id,
        fingerprint=newest.facts.fingerprint,
        count=len(signals),
        first_ms=signals[0].timestamp_ms,
        last_ms=newest.timestamp_ms,
        users=[signal.facts.user for signal in signals if signal.facts],
        sample=newest.facts,
        event_id=newest.event_id,
        explain=lambda: msgspec.json.encode(explanation(type_, value, culprit)),
        first_release="shop@2.4.0",
        unhandled=not handled,
    )
    with write():
        issues.apply_events([delta], at=at)
    return newest.event_id


def explanation(type_: str, value: str, culprit: str) -> dict[str, Any]:
    module, _, function = culprit.partition(" in ")
    return {
        "algorithm": "v1",
        "variant": "in-app stack",
        "sentence": "Events with the same exception type and the same own frames belong together.",
        "hash": "9f3a6c0de1b24857",
        "exceptions": [
            {
                "type": type_,
                "counted": True,
                "reason": "the type of the exception",
                "message": {"text": value, "template": value, "counted": False, "reason": "the stack says enough"},
                "frames": [
                    {
                        "place": "django.core.handlers.base",
                        "name": "_get_response",
                        "counted": False,
                        "reason": "a library's frame",
                    },
                    {"place": "checkout.views", "name": "confirm", "counted": True, "reason": "a frame of your own"},
                    {"place": module, "name": function, "counted": True, "reason": "a frame of your own"},
                ],
            }
        ],
    }
