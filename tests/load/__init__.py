"""Many clients at once; correctness under load."""
