"""The runtime: a Python emulator of Cloudflare's edge. Knows nothing of the floors above."""
