"""Retest with proof: what decides whether a fix holds."""
