"""The real tools, from npm: wrangler, Miniflare, workerd, and a Node that is new enough for them."""
