"""Container applications: which image runs behind which Durable Object class, and how many of it."""
