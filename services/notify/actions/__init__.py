"""What notify does, one transaction each: load, decide, save, state."""
