"""Programs that run inside a sandbox. They are sent there as text, and use what their language brings."""
