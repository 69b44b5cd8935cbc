"""What an issue is that an event opens: its type, priority and severity, by rules that people change."""

from collections.abc import Mapping, Sequence

import msgspec

from errata.core.vocabulary import LEVELS, PRIORITIES, PRIORITY_OF_LEVEL, SEVERITIES, SEVERITY_OF_LEVEL

# What clients send that becomes part of an issue, with the words for people.
EVENT_TYPES: Mapping[str, str] = {
    "error": "An error",
    "default": "A message",
    "csp": "A report of a content security policy",
}


class ArrivalRules(msgspec.Struct, frozen=True):
    type: str = "Error"
    # By what was sent, where it isn't the type above.
    types: Mapping[str, str] = msgspec.field(default_factory=lambda: {"csp": "Security"})
    priorities: Mapping[str, str] = msgspec.field(default_factory=lambda: dict(PRIORITY_OF_LEVEL))  # by level
    severities: Mapping[str, str] = msgspec.field(default_factory=lambda: dict(SEVERITY_OF_LEVEL))
    priority: str = "Medium"  # of a level that isn't listed
    severity: str = "Minor"

    def sent(self) -> dict[str, str]:
        """The type of whatever can be sent, by what it is."""
        return {value: self.types.get(value, self.type) for value in EVENT_TYPES}

    def sending(self, sent: Mapping[str, str]) -> "ArrivalRules":
        """The same rules with these types: that of an error, and of the rest what isn't the same."""
        own = sent["error"]
        others = {value: name for value, name in sent.items() if name != own}
        return msgspec.structs.replace(self, type=own, types=others)

    def levels(self) -> list[tuple[str, str, str]]:
        """Every level with its priority and its severity, the gravest first."""
        return [
            (level, self.priorities.get(level, self.priority), self.severities.get(level, self.severity))
            for level in reversed(LEVELS)
        ]


class Arrived(msgspec.Struct, frozen=True):
    type: str
    priority: str
    severity: str


DEFAULT_ARRIVALS = ArrivalRules()


def arrive(rules: ArrivalRules, *, level: str, event_type: str, types: Sequence[str]) -> Arrived:
    """Say what an event of that level and type opens, of the types that there are."""
    wanted = rules.types.get(event_type, rules.type)
    return Arrived(
        type=wanted if wanted in types or not types else types[0],
        priority=rules.priorities.get(level, rules.priority),
        severity=rules.severities.get(level, rules.severity),
    )


def faults(rules: ArrivalRules, *, types: Sequence[str]) -> list[str]:
    """What is wrong with such rules, as sentences."""
    named = dict.fromkeys((rules.type, *rules.types.values()))
    priorities = dict.fromkeys((rules.priority, *rules.priorities.values()))
    severities = dict.fromkeys((rules.severity, *rules.severities.values()))
    return [
        *(f"There is no issue type {name}." for name in named if name not in types),
        *(f"There is no priority {name}." for name in priorities if name not in PRIORITIES),
        *(f"There is no severity {name}." for name in severities if name not in SEVERITIES),
        *(f"There is no level {name}." for name in {*rules.priorities, *rules.severities} if name not in LEVELS),
        *(f"Nothing sends “{name}”." for name in rules.types if name not in EVENT_TYPES),
    ]
