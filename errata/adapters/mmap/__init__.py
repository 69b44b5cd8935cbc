"""Memory that the processes of one installation share."""
