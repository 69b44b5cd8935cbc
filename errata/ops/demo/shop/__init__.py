"""The demo shop: ordinary small services, each with the kind of mistake that reaches production."""
