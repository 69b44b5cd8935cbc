"""Who gets an issue: rules in order, a named owner and deputy, and the reason. Decides; touches nothing."""

from errata.core.designation.choosing import key_of
from errata.core.designation.codeowners import CODEOWNERS_BYTES_MAX, Codeowners, read_codeowners
from errata.core.designation.designate import Outcome, RuleList, designate
from errata.core.designation.editing import moved_rule, with_rule, without_rule
from errata.core.designation.facts import Facts, Frame, frames_of, services_of
from errata.core.designation.grammar import Problem, RuleText, is_owner, read_rules
from errata.core.designation.holding import Handover, Holding, Post, holdings
from errata.core.designation.hours import HoursRefused, hours
from errata.core.designation.matching import PathMapping, find_match
from errata.core.designation.rules import CHOICES, Choice, DesignationKind, DesignationRule, format_rule, subject_of
from errata.core.designation.staff import WEIGHTS, Load, Member, Staff, weight_of

__all__ = [
    "CHOICES",
    "CODEOWNERS_BYTES_MAX",
    "WEIGHTS",
    "Choice",
    "Codeowners",
    "DesignationKind",
    "DesignationRule",
    "Facts",
    "Frame",
    "Handover",
    "Holding",
    "HoursRefused",
    "Load",
    "Member",
    "Outcome",
    "PathMapping",
    "Post",
    "Problem",
    "RuleList",
    "RuleText",
    "Staff",
    "designate",
    "find_match",
    "format_rule",
    "frames_of",
    "holdings",
    "hours",
    "is_owner",
    "key_of",
    "moved_rule",
    "read_codeowners",
    "read_rules",
    "services_of",
    "subject_of",
    "weight_of",
    "with_rule",
    "without_rule",
]
