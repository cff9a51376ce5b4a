"""The `Container` class: a Durable Object that owns a container. Runs in Workers, here and on Cloudflare.

The modules of this package import only what a Worker may: Python's own library, `workers`, `js`,
`pyodide`, and each other.

Source: spec sandbox-and-containers.md section 3.
"""
