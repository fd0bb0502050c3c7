"""Schedules on a page: what is asked for in an address, the process that computes it, and how it is drawn and sent."""
