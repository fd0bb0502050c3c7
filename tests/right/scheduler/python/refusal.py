"""What the program says of an input that makes no sense."""

import json


class Refusal(Exception):
    """One line for standard error."""

    def __str__(self):
        return " ".join(super().__str__().split()).encode("ascii", "backslashreplace").decode()


def shown(value):
    """A value from the input, on one line and not too long."""
    text = json.dumps(value, default=lambda _: "…") if not isinstance(value, (dict, list)) else "something else"
    return text if len(text) <= 40 else text[:40] + "..."
