"""Templates: a team's maximum time, collaboration platform, basis for ranking and designation of members."""
