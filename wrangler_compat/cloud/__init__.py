"""The control plane of `edge cloud`: Cloudflare's REST API, version 4, on this machine."""
