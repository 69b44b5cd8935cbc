"""Workflows, issue types and custom fields that teams own, versioned."""
