"""Business calendars: when a team works, where it is, and its holidays."""
