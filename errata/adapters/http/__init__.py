"""HTTP to other servers."""
