"""The way out for bytes that other programs read."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, BinaryIO

__all__ = ["Outlet"]


class Outlet:
    """Writes UTF-8 to a text stream, whatever encoding that stream was opened with, and holds nothing back.

    Machine-readable kinds promise UTF-8, while ``sys.stdout`` speaks the locale's encoding, so the bytes go to the
    layer below where there is one. Each write is flushed: through a pipe this costs between one and two microseconds
    a line, about as much as encoding it. Holding lines back would save that, and leave the last ones of a burst
    waiting for whatever comes next, which may be a timeout away.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._binary: BinaryIO | None = getattr(stream, "buffer", None)
        stream.flush()  # what was written through the text layer comes first

    def write(self, data: bytes) -> None:
        if self._binary is None:
            self._stream.write(data.decode())
            self._stream.flush()
        else:
            self._binary.write(data)
            self._binary.flush()
