"""SQLite as the platform offers it: one database file of an object, and what user SQL may do in it.

Durable Objects, D1 and R2 stand on this floor.
"""
