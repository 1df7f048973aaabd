"""Dispatch: the choice of the court and the life of an incident."""
