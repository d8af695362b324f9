"""What notify decides; pure."""
