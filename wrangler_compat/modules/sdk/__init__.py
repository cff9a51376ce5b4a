"""The Python SDK of Workers: what `import workers` gives, written for this runtime.

The classes here wrap the JavaScript objects of `edge` and convert values at that border as the
`workers` package does, so that its corner cases hold. They carry the names and modules that a Worker
sees (`workers.request.Request`, `_BindingWrapper`), also where those names break our own habits.

Source: spec python-workers.md sections 2 to 7 with its corrections.
"""
