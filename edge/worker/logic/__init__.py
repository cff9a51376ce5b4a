"""Pure decisions of this folder: no I/O, no clock, no asyncio."""
