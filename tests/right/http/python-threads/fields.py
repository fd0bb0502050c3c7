"""Header and trailer fields (RFC 9110, 5; RFC 9112, 5)."""

import re

from lines import read_line
from refused import Refused

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class Fields:
    """Pairs of a name in lower case and a value, in the order of their arrival."""

    def __init__(self):
        self.pairs = []

    def add(self, line: bytes):
        self.pairs.append(parse_field(line))

    def all(self, name) -> list:
        return [value for other, value in self.pairs if other == name]

    def get(self, name):
        """The value, or several joined by commas; None if there is none."""
        values = self.all(name)
        return ", ".join(values) if values else None

    def words(self, name) -> list:
        """The elements of a list, in lower case."""
        words = [word.strip(" \t").lower() for value in self.all(name) for word in value.split(",")]
        return [word for word in words if word]


def parse_field(line):
    if line[:1] in (b" ", b"\t"):
        raise Refused(400, "a line does not begin with white space")
    name, colon, value = line.partition(b":")
    if not colon:
        raise Refused(400, "a field has a colon")
    if not re.fullmatch(TOKEN, name):
        raise Refused(400, "the name of a field is a token")
    if CONTROL.search(value):
        raise Refused(400, "a value has no control characters")
    return name.decode("ascii").lower(), value.strip(b" \t").decode("latin-1")


def read_fields(connection, limit, wait, add):
    """Reads fields up to the empty line."""
    while line := read_line(connection, limit, wait):
        add(line)
