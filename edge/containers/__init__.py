"""Containers behind Durable Objects: `ctx.container`, and what an engine must offer for it."""
