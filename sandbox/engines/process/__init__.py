"""Containers as real processes of this machine: no daemon, no images, Linux namespaces where they work.

`engine.py` and its neighbours run in the emulator; `inside/` is a program of its own that starts the
sandboxes and is process 1 in each of them.
"""
