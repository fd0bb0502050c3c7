"""A simulator of sensors, and the totals that it knows."""
