"""Lines: each ends with CRLF, and neither CR nor LF is anywhere else (RFC 9112, 2.2)."""

from refused import Refused


def read_line(connection, limit, wait) -> bytes:
    """The next line without its end. `wait()` adds to the buffer; `limit` is asked after each piece."""
    buffer, looked_at = connection.buffer, 0
    while True:
        end = buffer.find(b"\n", looked_at)
        line = buffer[:end] if end >= 0 else buffer
        if b"\r" in line[looked_at : len(line) - 1]:
            raise Refused(400, "CR is only allowed before LF")
        if end >= 0:
            if not line.endswith(b"\r"):
                raise Refused(400, "a line ends with CRLF")
            line = bytes(line[:-1])
            del buffer[: end + 1]
            limit.count(line)
            return line
        limit.check(len(buffer))
        looked_at = max(len(buffer) - 1, 0)
        wait()
