"""Tails: who listens to a Worker is told of its events while they happen."""
