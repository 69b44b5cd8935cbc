"""Events in ClickHouse: the store, its tables, and the engine that serves them without a server."""
