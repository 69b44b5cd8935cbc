"""How many different people: exact while they are few, a HyperLogLog sketch of 2 kB beyond.

The same people give the same bytes in whatever order and however divided they come, so sketches merge freely:
commutative, associative, idempotent. The standard error is 1.04 / √2048 ≈ 2.3 %.
"""

import math
from collections.abc import Iterable
from hashlib import blake2b

EXACT_MAX = 128
_PRECISION = 11
_REGISTERS = 1 << _PRECISION
_REST = 64 - _PRECISION  # the bits left for the rank
_REST_MASK = (1 << _REST) - 1
_ALPHA_INFINITY = 0.5 / math.log(2)

_EXACT = b"\x01"  # the first byte says how to read the others
_SKETCH = b"\x02"


def _hash(key: str) -> int:
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


class Users:
    """A set that can only be added to, merged, counted and stored."""

    __slots__ = ("_hashes", "_registers")

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._hashes: set[int] = set()
        self._registers: bytearray | None = None  # once there are more than EXACT_MAX
        self.add_all(keys)

    def add(self, key: str) -> None:
        """Add one; again is a no-op."""
        self._add_hashes((_hash(key),))

    def add_all(self, keys: Iterable[str]) -> None:
        """Add many."""
        self._add_hashes([_hash(key) for key in keys])

    def merge(self, other: "Users") -> None:
        """Add everybody the other has met."""
        if other._registers is None:
            self._add_hashes(other._hashes)
            return
        own = self._sketch()
        self._registers = bytearray(map(max, own, other._registers))

    def estimate(self) -> int:
        """How many: exact up to EXACT_MAX."""
        if self._registers is None:
            return len(self._hashes)
        return max(EXACT_MAX + 1, round(_estimate(self._registers)))

    def to_bytes(self) -> bytes:
        """The form that is stored."""
        if self._registers is None:
            return _EXACT + b"".join(number.to_bytes(8, "big") for number in sorted(self._hashes))
        return _SKETCH + bytes(self._registers)

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Users":
        """Read what to_bytes wrote; nothing at all is nobody."""
        users = cls()
        form, content = stored[:1], stored[1:]
        if form == _EXACT and len(content) % 8 == 0:
            users._hashes = {int.from_bytes(content[i : i + 8], "big") for i in range(0, len(content), 8)}
        elif form == _SKETCH and len(content) == _REGISTERS:
            users._registers = bytearray(content)
        elif stored:
            raise ValueError(f"not a sketch of users: {len(stored)} bytes that begin with {form!r}")
        return users

    def _add_hashes(self, hashes: Iterable[int]) -> None:
        if self._registers is None:
            self._hashes.update(hashes)
            if len(self._hashes) > EXACT_MAX:
                self._sketch()
            return
        _count_in(self._registers, hashes)

    def _sketch(self) -> bytearray:
        """Give up exactness."""
        if self._registers is None:
            self._registers = bytearray(_REGISTERS)
            _count_in(self._registers, self._hashes)
            self._hashes = set()
        return self._registers


def _count_in(registers: bytearray, hashes: Iterable[int]) -> None:
    """Keep in each register the longest run of leading zeros that was met, plus one."""
    for number in hashes:
        rank = _REST + 1 - (number & _REST_MASK).bit_length()
        place = number >> _REST
        registers[place] = max(registers[place], rank)


def _estimate(registers: bytearray) -> float:
    """Otmar Ertl's estimator: without bias from the smallest to the largest counts, and without tables."""
    counts = [0] * (_REST + 2)
    for rank in registers:
        counts[rank] += 1
    z = _REGISTERS * _tau(1 - counts[_REST + 1] / _REGISTERS)
    for rank in range(_REST, 0, -1):
        z = (z + counts[rank]) / 2
    z += _REGISTERS * _sigma(counts[0] / _REGISTERS)
    return _ALPHA_INFINITY * _REGISTERS * _REGISTERS / z


def _sigma(x: float) -> float:
    """Corrects for the registers that are still empty."""
    if x == 1:
        return math.inf
    y, z, before = 1.0, x, -1.0
    while z != before:
        x, before = x * x, z
        z, y = z + x * y, y * 2
    return z


def _tau(x: float) -> float:
    """Corrects for the registers that are full."""
    if x in (0, 1):
        return 0.0
    y, z, before = 1.0, 1 - x, -1.0
    while z != before:
        x, y, before = math.sqrt(x), y / 2, z
        z -= (1 - x) ** 2 * y
    return z / 3
