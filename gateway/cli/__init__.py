"""The command line, `tipstaff`."""
