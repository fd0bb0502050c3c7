"""Lists in pages: each begins behind the last item of the one before, whatever was added or deleted meanwhile."""

import re

from answers import answer
from problem import Problem

MOST, USUAL = 200, 50


def wrong_parameter(name: str, message: str) -> Problem:
    return Problem(422, "A parameter is wrong.", {name: message})


def read_page(ask) -> tuple[int, int]:
    """How many items, and behind which."""
    limit, after = ask.parameter("limit"), ask.parameter("after")
    if limit is not None and not (re.fullmatch("[0-9]{1,9}", limit) and 1 <= int(limit) <= MOST):
        raise wrong_parameter("limit", f"must be 1 to {MOST}")
    if after is not None and not re.fullmatch("[0-9]{1,18}", after):
        raise wrong_parameter("after", "is not the next of a page")
    return int(limit or USUAL), int(after or 0)


def page(rows, limit: int, as_item):
    """Of one more row than fits: it says that there is more."""
    items = rows[:limit]
    following = str(items[-1]["seq"]) if len(rows) > limit else None
    return answer(200, {"items": [as_item(row) for row in items], "next": following})
