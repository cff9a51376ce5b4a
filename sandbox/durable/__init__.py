"""The class behind a sandbox: a Durable Object that owns its container and speaks with the server inside.

Its RPC methods are those of Cloudflare's JavaScript class, under the same names.

Source: spec sandbox-and-containers.md sections 4 to 7.
"""
