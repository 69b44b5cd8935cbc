"""Releases, deploys, commits and checks: what ran where, and since when."""
