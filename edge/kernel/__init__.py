"""The only floor that touches real time, randomness, threads and task spawning."""
