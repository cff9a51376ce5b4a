"""How fast the server is, beside its peers: `python -m benchmarks` (see docs/performance.md)."""
