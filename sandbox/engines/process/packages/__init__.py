"""Packages that one sandbox has installed, for all others: a link, not a download.

`npm install -g X` and `pip install X` of a sandbox are asked of the host first (`inside/install.py`, found
before the real programs on the PATH). What nobody has installed yet, the host installs itself, in a sandbox
made for it that saw nothing of the one that asks; what that wrote is kept read-only under a hash of its
content, shown to all sandboxes, and linked into the one that asked. So no sandbox can harm another.
"""
