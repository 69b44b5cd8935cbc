"""Who gets an issue, why, and in what order issues come."""
