"""Queues of an account, and which Workers take from them."""
