"""The services that apprise knows."""
