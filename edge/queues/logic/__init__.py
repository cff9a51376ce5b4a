"""What is decided about messages: limits, when a batch is ripe, what becomes of a message."""
