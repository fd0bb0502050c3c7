"""What the words of a partition's rows mean: of a sensor, of a pane, and of the state that calls share."""

from __future__ import annotations

__all__ = [
    "ACCEPTED",
    "BLOCK",
    "CLOCK",
    "CLOSED",
    "COMPENSATION",
    "COUNT",
    "DUPLICATES",
    "FILLED",
    "FIRST",
    "FREE",
    "HIGH",
    "LAST",
    "LAST_ROW",
    "LATE",
    "MAX",
    "MIN",
    "NONE",
    "ORDER",
    "OWNER",
    "PANE",
    "PANE_WORDS",
    "SEEN",
    "SENSORS",
    "SENSOR_WORDS",
    "STATE_WORDS",
    "SUM",
    "TAKEN",
    "TOP",
    "UNUSED",
    "USED",
]

HIGH, CLOCK, SEEN, LAST_ROW = range(4)  # the words of a sensor
SENSOR_WORDS = 4
PANE, OWNER, COUNT, SUM, COMPENSATION, MIN, MAX, FIRST, LAST, BLOCK, ORDER, USED = range(12)  # the words of a pane
PANE_WORDS = 12
# The words of the state: what was counted, the last closed window's number, rows in use, the first free row plus 1, panes in
# the table, and readings taken by this call
ACCEPTED, LATE, DUPLICATES, SENSORS, CLOSED, TOP, FREE, FILLED, TAKEN = range(9)
STATE_WORDS = 9

NONE = -1
UNUSED = -(1 << 62)  # the pane number of a row that is free
