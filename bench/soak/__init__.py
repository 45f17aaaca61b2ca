"""Many clients use real processes that are killed, and nothing is lost."""
