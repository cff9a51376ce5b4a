"""The fake engine: containers in memory and in virtual time, whose programs are Python functions.

A small shell and the usual little programs are there; everything else is registered by name. What a container
takes (boot, a command, an installation) comes from the latency profile of the world.
"""
