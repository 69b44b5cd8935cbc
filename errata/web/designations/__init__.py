"""Who gets issues: a project's rules in order, the people, and why an issue has who it has."""
