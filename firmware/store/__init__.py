"""What survives a power cut on the unit: journal, settings, events."""
