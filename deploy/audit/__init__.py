"""Proof and history from the log alone: nothing here writes to the bus or to a service's database."""
