"""A project for one's own hosts: a configuration of workerd, Cloudflare's runtime, and what it needs."""
