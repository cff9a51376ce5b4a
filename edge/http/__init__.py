"""The Fetch standard as Workers meet it: Request, Response, Headers, streams and WebSockets.

These are JavaScript's classes (camelCase, JavaScript values in and out). What the emulator itself
uses on them is snake_case or starts with an underscore, and deals in plain Python values.
"""
