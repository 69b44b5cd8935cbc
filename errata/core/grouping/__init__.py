"""Which events belong together, and why. Versioned: a hash is a promise, so v1 stays what it is once it is in use."""

from errata.core.grouping.explain import explain
from errata.core.grouping.message import Parameterised, parameterise
from errata.core.grouping.types import (
    ExceptionPart,
    Explanation,
    FingerprintPart,
    FramePart,
    MessagePart,
    Span,
    Variant,
)
from errata.core.grouping.v1 import ALGORITHM, group

__all__ = [
    "ALGORITHM",
    "ExceptionPart",
    "Explanation",
    "FingerprintPart",
    "FramePart",
    "MessagePart",
    "Parameterised",
    "Span",
    "Variant",
    "explain",
    "group",
    "parameterise",
]
