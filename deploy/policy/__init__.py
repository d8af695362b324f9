"""Changing and rehearsing policies from the command line."""
