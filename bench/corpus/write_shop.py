"""Writes the package `acme`: a made-up shop with enough distinct functions, locals and source lines that the real
sentry-sdk captures believable stack traces from it. Seeded, so always the same.

    python -m bench.corpus.write_shop DIRECTORY
"""

import json
import random
import sys
from pathlib import Path

ISSUES = 200
AREAS = """
orders billing catalog accounts search shipping inventory pricing notify reports webhooks auth imports exports media
support loyalty tax fraud scheduling analytics partners subscriptions checkout
""".split()  # noqa: SIM905 - readable
VERBS = """
load resolve apply validate compute build merge fetch normalize assign reserve convert render dispatch reconcile
expand filter serialize
""".split()  # noqa: SIM905 - readable
NOUNS = """
line_items customer discount invoice shipment address payment_method cart quote stock_level tax_rule refund
subscription coupon price_list webhook_payload report_row session audit_entry product_variant carrier_rate
ledger_entry exchange_rate attachment
""".split()  # noqa: SIM905 - readable
# Messages differ in words, not in digits, so that every way of grouping tells them apart.
ADJECTIVES = """
stale missing duplicate malformed expired unexpected conflicting unsupported empty oversized unreachable inconsistent
unauthorized truncated negative orphaned
""".split()  # noqa: SIM905 - readable

HEAD = '''"""{area} services of the acme shop."""
import datetime
import decimal
import json
import logging

from .errors import IntegrityError, InventoryError, PaymentError, PermissionDenied, UpstreamTimeout

logger = logging.getLogger(__name__)
'''

ERRORS = "class AcmeError(Exception):\n    pass\n" + "".join(
    f"\n\nclass {name}(AcmeError):\n    pass\n"
    for name in ("PaymentError", "InventoryError", "UpstreamTimeout", "PermissionDenied", "IntegrityError")
)

STEPS = (
    """
    {noun} = ctx.record("{noun}")
    attempts = ctx.rng.randint(1, 5)
    options = {{"currency": ctx.currency, "locale": ctx.locale, "include_deleted": False, "page": attempts}}
    logger.debug("%s {verb} {noun} for %s", __name__, ctx.request_id)
    if {noun}.get("status") == "archived":
        return None
    totals = [round(line["qty"] * line["unit_price"], 2) for line in ctx.lines[:6]]
    # keep the running total next to the lines, the audit log needs both
    running_total = sum(totals)
    return ctx.next()(ctx, {noun}, running_total)
""",
    """
    cache_key = f"{area}:{noun}:{{ctx.tenant}}:{{ctx.request_id[:8]}}"
    cached = ctx.cache.get(cache_key)
    if cached is not None:
        return cached
    query = (
        "SELECT id, status, updated_at, payload FROM {area}_{noun} "
        "WHERE tenant_id = %s AND deleted_at IS NULL ORDER BY updated_at DESC LIMIT 50"
    )
    params = [ctx.tenant, ctx.customer["id"]]
    started = ctx.clock()
    rows = ctx.rows("{noun}", 4)
    elapsed_ms = (ctx.clock() - started) * 1000
    with ctx.span("{verb}_{noun}"):
        result = ctx.next()(ctx, rows, elapsed_ms)
    ctx.cache[cache_key] = result
    return result
""",
    """
    settings = ctx.settings.get("{area}", {{}})
    retries = int(settings.get("retries", 3))
    deadline = ctx.clock() + float(settings.get("timeout", 2.5))
    payload = {{
        "request_id": ctx.request_id,
        "customer": ctx.customer,
        "lines": ctx.lines,
        "flags": sorted(ctx.flags),
    }}
    for attempt in range(retries):
        is_last = attempt == retries - 1
        if ctx.clock() > deadline and not is_last:
            logger.warning("{verb}_{noun} is slow, attempt %d", attempt)
            continue
        return ctx.next()(ctx, payload, attempt)
    return None
""",
    """
    items = list(ctx.lines)
    buckets = {{}}
    for item in items:
        warehouse = item.get("warehouse", "default")
        buckets.setdefault(warehouse, []).append(item["sku"])
    primary = max(buckets, key=lambda name: len(buckets[name]))
    weights = [item["weight_g"] for item in items]
    total_weight = sum(weights)
    if total_weight > ctx.limits["max_weight_g"]:
        raise ValueError("shipment exceeds the weight limit of the carrier")
    # the carrier wants kilograms with three decimals
    weight_kg = round(total_weight / 1000, 3)
    response = ctx.next()(ctx, primary, weight_kg)
    return response
""",
)

TRANSLATOR = '''

def {name}(ctx, *args):
    """Run the rest of the flow and report failures in terms of {area}."""
    started = ctx.clock()
    try:
        return ctx.next()(ctx, *args)
    except Exception as exc:
        took_ms = round((ctx.clock() - started) * 1000, 2)
        raise {error}("{area} could not finish: " + ctx.flow_name) from exc
'''

LAST_STEP = '''

def {name}(ctx, record, amount):
    """Last step of the {area} flow: {verb} the {adjective} {word}."""
    record = dict(ctx.record("{noun}"), count=amount if isinstance(amount, int) else 3, parent=None)
    currency = ctx.currency
    snapshot = {{"before": record.get("status"), "after": "{adjective}", "by": ctx.customer["email"]}}
    threshold = ctx.limits.get("{noun}", 250)
    # {adjective} entries are rare but they do happen
    {failure}
'''

FAILURES = (
    'raise ValueError("{adjective} {word} while trying to {verb} it in {area}")',
    'return record["{adjective}_{noun}_{verb}"]',
    'return "{adjective} {word} {verb}: " + record["count"]',
    'return record["parent"].{verb}_{adjective}_{noun}()',
    'raise PaymentError("{adjective} {word}: the gateway refused to {verb}")',
    'raise InventoryError("cannot {verb} {adjective} {word} in the current warehouse")',
    'raise UpstreamTimeout("upstream {area} did not {verb} the {adjective} {word} in time")',
    'return json.loads(\'{{"{adjective}": "{noun}", {verb}\')',
    'return decimal.Decimal("{adjective} {word} {verb}")',
    'return datetime.datetime.strptime("{adjective} {word} {verb}", "%Y-%m-%d")',
    'return ctx.db.execute("SELECT {verb} FROM {adjective}_{noun}").fetchone()',
    'return int("{adjective} {word} {verb}")',
    'raise PermissionDenied("not allowed to {verb} {adjective} {word}")',
    'raise IntegrityError("unique constraint {area}_{noun}_{verb}_{adjective} violated")',
    'raise RuntimeError("{verb} of {adjective} {word} gave no result")',
    'raise LookupError("no {word} to {verb}: the {adjective} entry is gone")',
)


def write(directory: Path) -> None:
    """Write the package, and `steps.json`: which functions call on, and which function fails for which issue."""
    chance = random.Random(20240601)
    package = directory / "acme"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text("")
    (package / "errors.py").write_text(ERRORS)
    steps, leaves = {}, {}
    for index, area in enumerate(AREAS):
        sources, steps[area], found = _module(area, range(index, ISSUES, len(AREAS)), chance)
        (package / f"{area}.py").write_text(HEAD.format(area=area) + "".join(sources))
        leaves |= {issue: (area, name) for issue, name in found.items()}
    (directory / "steps.json").write_text(json.dumps({"steps": steps, "leaves": leaves}))


def _module(area: str, issues: range, chance: random.Random) -> tuple[list[str], list[str], dict[int, str]]:
    pairs = [(verb, noun) for verb in VERBS for noun in NOUNS]
    chance.shuffle(pairs)
    sources = [_step(area, verb, noun, STEPS[i % len(STEPS)]) for i, (verb, noun) in enumerate(pairs[:16])]
    names = [f"{verb}_{noun}" for verb, noun in pairs[:16]]
    for prefix, error in (("guard", "UpstreamTimeout"), ("translate", "PaymentError")):
        name = f"{prefix}_{area}_errors"
        names.append("!" + name)
        sources.append(TRANSLATOR.format(name=name, area=area, error=error))
    leaves: dict[int, str] = {}
    for issue in issues:
        leaves[issue], source = _last_step(area, issue, taken=set(leaves.values()))
        sources.append(source)
    return sources, names, leaves


def _step(area: str, verb: str, noun: str, body: str) -> str:
    words = noun.replace("_", " ")
    head = f'\n\ndef {verb}_{noun}(ctx, *args):\n    """{verb.capitalize()} the {words} of the {area} service."""'
    return head + body.format(area=area, verb=verb, noun=noun)


def _last_step(area: str, issue: int, *, taken: set[str]) -> tuple[str, str]:
    adjective = ADJECTIVES[issue % len(ADJECTIVES)]
    noun = NOUNS[(issue * 7 + issue // 24) % len(NOUNS)]
    verb = VERBS[(issue * 5 + issue // 18) % len(VERBS)]
    words = {"area": area, "adjective": adjective, "noun": noun, "verb": verb, "word": noun.replace("_", " ")}
    failure = FAILURES[(issue if issue % 3 else issue // 3) % len(FAILURES)].format(**words)
    name = f"{verb}_{adjective}_{noun}"
    while name in taken:
        name += "_again"
    return name, LAST_STEP.format(name=name, failure=failure, **words)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
