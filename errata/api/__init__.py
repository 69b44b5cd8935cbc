"""REST dialects: each translates to the same operations and queries, and none imports another.

Taken paths: `/api/v1` is ours. Kept free for dialects to come: `/api/0/` (Sentry), `/api/1/item|items|deploy…`
(Rollbar), `/api/v2/` (Zendesk), `/rest/` (Jira), `/v1/traces|logs|metrics` (OpenTelemetry).
"""
