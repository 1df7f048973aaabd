"""Evidence: recordings as they come back whole, and the proof that they are what the unit recorded."""
