"""SQLite as a durable, ordered hand-off between processes."""
