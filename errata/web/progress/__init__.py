"""How the work goes, at a glance."""
