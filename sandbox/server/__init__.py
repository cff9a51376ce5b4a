"""What answers on port 3000 of a sandbox: sessions, commands, files and code over the Instance protocol."""
