"""Numbers, one a line, sent as they are made."""

import re
import time

from answer import Answer, text

MOST = 10_000_000
LONGEST_PAUSE_MS = 60_000
LINES_AT_ONCE = 4096


def count(request, settings) -> Answer:
    given = [part.partition("=") for part in request.target.query.split("&")]
    to = parameter(given, "to", MOST, None)
    pause_ms = parameter(given, "pause_ms", LONGEST_PAUSE_MS, 0)
    if to is None or pause_ms is None:
        return text(400, f"to is a number up to {MOST}, pause_ms one up to {LONGEST_PAUSE_MS}\n")
    pieces = lines_with_pauses(to, pause_ms / 1000) if pause_ms else many_lines(to)
    return Answer(200, [("Content-Type", "text/plain")], pieces=pieces)


def parameter(given, name, most, default):
    """The number of this name, the default if it is missing, or None if it is wrong."""
    values = [value for other, _, value in given if other == name]
    if not values:
        return default
    if len(values) > 1 or not re.fullmatch("[0-9]{1,20}", values[0]) or int(values[0]) > most:
        return None
    return int(values[0])


def many_lines(to):
    for first in range(1, to + 1, LINES_AT_ONCE):
        last = min(first + LINES_AT_ONCE - 1, to)
        yield "".join([f"{number}\n" for number in range(first, last + 1)]).encode()


def lines_with_pauses(to, pause_s):
    for number in range(1, to + 1):
        yield b"%d\n" % number
        if number < to:
            time.sleep(pause_s)
