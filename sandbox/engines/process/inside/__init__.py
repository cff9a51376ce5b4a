"""The program that starts sandboxes and is process 1 in each: the standard library only, no other imports.

zygote.py       kept warm, forks one process 1 per sandbox
boot.py         what the fork does before anything runs: namespaces, its own root, fewer privileges
supervisor.py   process 1: starts programs when the host asks, reaps, reports how they ended
"""
