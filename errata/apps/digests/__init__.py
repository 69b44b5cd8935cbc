"""What the digest must remember: how far it is in each journal, which events it has seen, what it could not read."""
