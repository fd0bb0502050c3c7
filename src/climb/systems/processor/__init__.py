"""Readings of many sensors in, exact windows of event time out, through crashes: the system behind ``climb stream``."""
