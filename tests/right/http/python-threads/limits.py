"""What a stranger can make us keep."""

from refused import Refused

CHUNK_LINE_BYTES = 4096  # a chunk's size and extension
MOST_DIGITS = 18  # of a length; more would be larger than any limit


class HeadLimit:
    """Counts the bytes of a head, or of trailers, as they come."""

    def __init__(self, most):
        self.most = most
        self.used = 0
        self.lines = 0

    def check(self, unfinished):
        """`unfinished` bytes of a line are there, and its end is not."""
        if self.used + unfinished > self.most:
            self.refuse()

    def count(self, line):
        self.used += len(line) + len(b"\r\n")
        if self.used > self.most:
            self.refuse()
        self.lines += 1

    def refuse(self):
        raise Refused(431, f"a head has at most {self.most} bytes")


class RequestHeadLimit(HeadLimit):
    def refuse(self):
        if self.lines == 0:
            raise Refused(414, f"a request line has at most {self.most} bytes")
        super().refuse()


class ChunkLineLimit:
    def check(self, unfinished):
        if unfinished > CHUNK_LINE_BYTES + 1:  # its CR may be there already
            raise Refused(400, f"a chunk's size and extension have at most {CHUNK_LINE_BYTES} bytes")

    def count(self, line):
        if len(line) > CHUNK_LINE_BYTES:
            raise Refused(400, f"a chunk's size and extension have at most {CHUNK_LINE_BYTES} bytes")


def check_body(length, settings):
    if length > settings.max_body_bytes:
        raise Refused(413, f"a body has at most {settings.max_body_bytes} bytes")


def number(digits, base=10) -> int:
    """What the digits say; one with too many of them is larger than all limits, whatever it says."""
    digits = digits.lstrip(b"0")
    return int(digits or b"0", base) if len(digits) <= MOST_DIGITS else base**MOST_DIGITS
