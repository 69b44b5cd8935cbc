"""The native REST dialect, under /api/v1."""
