"""Containers behind Durable Objects and the Sandbox SDK. Empty so far: see docs/limitations.md."""
