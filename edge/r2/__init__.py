"""R2: buckets. `binding.py` is what JavaScript sees, `bucket.py` the bucket, `logic/` its rules."""
