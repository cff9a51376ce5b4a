"""Cloudflare Queues: messages that are kept until a Worker has taken them, at least once."""
