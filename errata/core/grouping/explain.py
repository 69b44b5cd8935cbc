"""Saying why an event groups as it does, from the same decisions that made its hash."""

from collections.abc import Sequence

from errata.core.event.fields import EventFields, ExceptionValue, Frame, Stacktrace
from errata.core.event.origin import is_own
from errata.core.grouping import v1
from errata.core.grouping.fingerprint import Part, expand
from errata.core.grouping.frames import ANONYMOUS, SKIPPED, Family, family_of, line_of, name_of, place_of
from errata.core.grouping.message import parameterise
from errata.core.grouping.types import ExceptionPart, Explanation, FingerprintPart, FramePart, MessagePart

_NAMES_MAX = 3
_MESSAGE_CHARS_MAX = 160


def explain(fields: EventFields) -> Explanation:
    """Say what the event groups by and why, part by part, with the hash that group gives."""
    found = v1.basis(fields)
    asked = _asked(fields) if found.variant == "fingerprint" else []
    of_client = found.variant == "checksum" or (found.variant == "fingerprint" and not _with_default(asked))
    natural = v1.natural(fields)
    counted = "" if not of_client else "the client's own fingerprint decides"
    exceptions = _exceptions(fields, counted) if natural.values[0] in ("exception", "group") else ()
    exceptions = exceptions or (_thread(fields, counted) if natural.values[0] == "thread" else ())
    return Explanation(
        algorithm=v1.ALGORITHM,
        variant=found.variant,
        sentence=_sentence(fields, found, natural, asked),
        hash=f"{v1.hash_of(found) & (2**64 - 1):016x}",
        fingerprint=tuple(
            FingerprintPart(part.given, "by default" if part.is_default else part.value) for part in asked
        ),
        exceptions=exceptions,
        message=_message(fields, counted) if natural.variant == "message" else None,
    )


def _asked(fields: EventFields) -> list[Part]:
    given = fields.fingerprint or []
    return expand(fields, given if isinstance(given, list) else [given])


def _with_default(asked: Sequence[Part]) -> bool:
    return any(part.is_default for part in asked)


# --- parts


def _exceptions(fields: EventFields, overruled: str) -> tuple[ExceptionPart, ...]:
    family = family_of(fields.platform)
    return tuple(_exception(value, family, overruled) for value in v1.exceptions_of(fields))


def _exception(value: ExceptionValue, family: Family, overruled: str) -> ExceptionPart:
    stack = v1.stack_of(value.stacktrace, family)
    usable = stack is not None and stack.usable
    synthetic = v1.is_synthetic(value)
    type_reason = overruled or ("made by the client to carry a message" if synthetic else "the type counts")
    return ExceptionPart(
        type=value.type or "",
        counted=not overruled and not synthetic and bool(value.type),
        reason=type_reason if value.type else "it has no type",
        message=_value(value, overruled, usable=usable, synthetic=synthetic),
        frames=_frames(value.stacktrace, stack, family, overruled),
    )


def _value(value: ExceptionValue, overruled: str, *, usable: bool, synthetic: bool) -> MessagePart | None:
    if not value.value:
        return None
    counted = synthetic or not usable
    if not counted:
        reason = "the stack trace says where, whatever the words"
    else:
        reason = "it says more than the type" if synthetic else "there is no usable stack trace"
    return _message_part(value.value, overruled or reason, counted=counted and not overruled)


def _message_part(text: str, reason: str, *, counted: bool) -> MessagePart:
    found = parameterise(text)
    return MessagePart(text=found.text, template=found.template, counted=counted, reason=reason, spans=found.spans)


def _message(fields: EventFields, overruled: str) -> MessagePart:
    reason = overruled or "the message without what changes in it"
    return _message_part(v1.message_text(fields), reason, counted=not overruled)


def _thread(fields: EventFields, overruled: str) -> tuple[ExceptionPart, ...]:
    family = family_of(fields.platform)
    stacktrace = v1.lone_stack(fields)
    frames = _frames(stacktrace, v1.stack_of(stacktrace, family), family, overruled)
    return (ExceptionPart(type="", counted=False, reason="a stack without an exception", frames=frames),)


def _frames(
    stacktrace: Stacktrace | None, stack: v1.Stack | None, family: Family, overruled: str
) -> tuple[FramePart, ...]:
    if stack is None:
        return tuple(_frame(frame, family, "nothing of it is known") for frame in v1.frames_of(stacktrace))
    wanted = list(stack.keys)
    parts: list[FramePart] = []
    for frame in v1.frames_of(stacktrace):
        key = v1.key_of(frame, family)
        reason = _why_not(frame, key, stack, wanted, family)
        counted = not reason and not overruled
        if not reason:
            wanted.remove(key)
        parts.append(_frame(frame, family, reason or overruled or _why(frame, stack), counted=counted))
    return tuple(parts)


def _frame(frame: Frame, family: Family, reason: str, *, counted: bool = False) -> FramePart:
    name = name_of(frame.function, family)
    return FramePart(
        place=place_of(frame.module, frame.filename or frame.abs_path, family)
        or (frame.filename or frame.module or "?"),
        name=(frame.function or "") if name == SKIPPED else name or line_of(frame.context_line) or "(no name)",
        counted=counted,
        reason=reason,
    )


def _why(frame: Frame, stack: v1.Stack) -> str:
    if stack.in_app:
        return "the project's own code"
    return "no frame is the project's own, so all count" if frame.in_app is not None else "counts, as all frames do"


def _why_not(frame: Frame, key: str, stack: v1.Stack, wanted: list[str], family: Family) -> str:
    """Why a frame doesn't count; "" when it does. The last occurrence of a key may be wanted a second time."""
    if stack.in_app and not is_own(frame):
        return "a library's code"
    if not key:
        skipped = name_of(frame.function, family) == SKIPPED
        return "there only in some versions of the language" if skipped else "nothing of it is known"
    return "" if key in wanted else "repeated (recursion)"


# --- sentences


def _sentence(fields: EventFields, found: v1.Basis, natural: v1.Basis, asked: Sequence[Part]) -> str:
    if found.variant == "checksum":
        return "Grouped by the checksum that the client sent."
    if found.variant == "fingerprint":
        said = ", ".join(part.given for part in asked[:_NAMES_MAX])
        more = f" and {len(asked) - _NAMES_MAX} more" if len(asked) > _NAMES_MAX else ""
        beside = f" For {{{{ default }}}}: {_by(fields, natural)}." if _with_default(asked) else ""
        return f"Grouped by the fingerprint that the client asked for: {said}{more}.{beside}"
    return f"Grouped {_by(fields, natural)}."


def _by(fields: EventFields, natural: v1.Basis) -> str:
    match natural.variant:
        case "in-app stack" | "stack":
            return _by_stack(fields, in_app=natural.variant == "in-app stack")
        case "exception":
            named = [_named(value) for value in reversed(v1.exceptions_of(fields)[-_NAMES_MAX:])]
            return f"by type and message, as there is no usable stack trace: {' ← '.join(named)}"
        case "message":
            return f"by the message: {_short(v1.message_text(fields))}"
        case _:
            left = [value for value in v1.fallback_values(fields) if value]
            return f"by all that is known of it: {', '.join(left) or 'nothing'}"


def _named(value: ExceptionValue) -> str:
    words = (value.type if value.type and not v1.is_synthetic(value) else "", _short(value.value or ""))
    return ": ".join(word for word in words if word) or "no type"


def _short(message: str) -> str:
    template = " ".join(parameterise(message).template.split())
    return template if len(template) <= _MESSAGE_CHARS_MAX else f"{template[: _MESSAGE_CHARS_MAX - 1]}…"


def _by_stack(fields: EventFields, *, in_app: bool) -> str:
    family = family_of(fields.platform)
    values = v1.exceptions_of(fields)
    stacks = [v1.stack_of(value.stacktrace, family) for value in values] or [v1.stack_of(v1.lone_stack(fields), family)]
    count = sum(len(stack.keys) for stack in stacks if stack is not None)
    chain = " ← ".join(_in_chain(value) for value in reversed(values[-_NAMES_MAX:]))
    frames = f"{count} {'in-app ' if in_app else ''}frame{'' if count == 1 else 's'}"
    return f"by the stack trace: {frames}{f' of {chain}' if chain else ''}{_where(fields, family)}"


def _in_chain(value: ExceptionValue) -> str:
    return f"“{_short(value.value)}”" if v1.is_synthetic(value) and value.value else value.type or "an exception"


def _where(fields: EventFields, family: Family) -> str:
    values = v1.exceptions_of(fields)
    frames = v1.frames_of(values[-1].stacktrace if values else v1.lone_stack(fields))
    own = [frame for frame in frames if is_own(frame)] or frames
    if not own:
        return ""
    name = name_of(own[-1].function, family)
    place = place_of(own[-1].module, own[-1].filename or own[-1].abs_path, family)
    named = name if name not in (ANONYMOUS, SKIPPED) else ""
    return f", failing in {place}{'.' if place and named else ''}{named}" if place or named else ""
