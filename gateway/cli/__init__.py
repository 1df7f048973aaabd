"""The command line, `tipstaff`.

A module with `register` says what its command is called, takes and helps with: a wrong option or `--help` needs no
more. So its top imports the standard library, typer and what is as light; the functions import what does the work.
Modules without `register` do that work, and import as everywhere.
"""
