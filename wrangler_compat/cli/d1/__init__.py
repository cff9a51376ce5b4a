"""`edge d1`: SQL, migrations, dumps."""
