"""Trigger, condition, action: rules that teams write, with their runs."""
