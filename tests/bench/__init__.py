"""Speed as ratios: both sides in one run, alternating, with the same durability."""
