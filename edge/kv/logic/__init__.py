"""The decisions of Workers KV, as pure functions and state machines: no I/O, no clock, no asyncio."""
