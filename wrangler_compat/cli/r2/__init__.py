"""`edge r2`: objects and buckets."""
