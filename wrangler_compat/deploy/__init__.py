"""From a project to what Cloudflare runs: the parts of an upload, and who takes them."""
