"""Rate limiting: counters in fixed windows."""
