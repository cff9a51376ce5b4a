"""Workers in the cloud: scripts, their versions, and which of them answers."""
