"""D1: SQL databases. `binding.py` is what JavaScript sees, `store.py` runs the queries."""
