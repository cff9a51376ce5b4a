"""Workers KV: namespaces of values by key, strongly consistent unless the world models distance."""
