"""The Sandbox SDK for Workers: `get_sandbox` and what hangs on it.

It talks to the `Sandbox` class of `sandbox.durable`, and just as well to Cloudflare's own, by RPC. Its
modules import only what a Worker may.

Source: spec sandbox-and-containers.md sections 4 and 5.
"""
