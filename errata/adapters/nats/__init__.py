"""NATS JetStream as a durable, ordered hand-off between processes and machines."""
