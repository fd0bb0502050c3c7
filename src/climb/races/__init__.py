"""Races: a learner's program and our own system do the same work in turns, and the ratio is told with an interval, or not at all."""
