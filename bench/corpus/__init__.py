"""The benchmark's events: a made-up shop fails in 200 ways under the real sentry-sdk, and what the SDK sends is kept.

`write_shop` writes the shop's code, `record` runs it and keeps the envelopes, `pack` makes them replayable.
"""
