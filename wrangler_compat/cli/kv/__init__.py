"""`edge kv`: namespaces, keys, and many keys at once."""
