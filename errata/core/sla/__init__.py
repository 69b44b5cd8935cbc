"""How long issues may take, in the time a team works. Decides and explains; touches nothing."""

from errata.core.sla.calendar import (
    ALWAYS,
    WEEKDAYS,
    Calendar,
    CalendarSince,
    Day,
    Span,
    faults,
    parse_day,
    parse_spans,
    parse_week,
    write_day,
    write_spans,
)
from errata.core.sla.history import Calendars, Fact, History, TimetableSince, timetables
from errata.core.sla.parts import Part, PartKind
from errata.core.sla.policy import ClockKind, ClockPolicy, EscalationStep, PolicySince, Target
from errata.core.sla.reckon import BREACH, KINDS, MARKS, RISKS, Reading, ReadingState, reckon

__all__ = [
    "ALWAYS",
    "BREACH",
    "KINDS",
    "MARKS",
    "RISKS",
    "WEEKDAYS",
    "Calendar",
    "CalendarSince",
    "Calendars",
    "ClockKind",
    "ClockPolicy",
    "Day",
    "EscalationStep",
    "Fact",
    "History",
    "Part",
    "PartKind",
    "PolicySince",
    "Reading",
    "ReadingState",
    "Span",
    "Target",
    "TimetableSince",
    "faults",
    "parse_day",
    "parse_spans",
    "parse_week",
    "reckon",
    "timetables",
    "write_day",
    "write_spans",
]
