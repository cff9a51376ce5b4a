"""The REST API of Cloudflare, through the official package (docs/decisions/0008-cloudflare-api.md)."""
