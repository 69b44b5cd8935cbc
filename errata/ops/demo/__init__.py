"""A believable shop that fails in several ways, so that a newcomer sees Errata full before their own errors arrive."""
