"""How the work goes: funnels, flows and times, from what was recorded."""
