"""The process that computes schedules: ``python -m climb.workbench.schedules.worker PARENT``. It takes questions, one after another.

On standard input and output each message is msgpack after its length. The first message is empty: all is loaded.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import struct
import sys
from typing import BinaryIO

import msgspec

from climb.parent import end_with_parent
from climb.workbench.schedules.computing import answer
from climb.workbench.schedules.messages import Ask

__all__ = ["main"]

_MOST_MEMORY = 4 * 1024**3  # bytes of address space; beyond it a question fails, not the machine
_LENGTH = struct.Struct("<Q")


def main() -> int:
    """Answer until there are no more questions."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the workbench, which then ends us
    end_with_parent(int(sys.argv[1]))
    with contextlib.suppress(ValueError, OSError):  # where a lower limit is set already
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what else is printed must not disturb the answers
    _tell(answers, b"")
    for question in iter(lambda: _next(questions), None):
        _tell(answers, msgspec.msgpack.encode(answer(msgspec.msgpack.decode(question, type=Ask))))
    return 0


def _next(questions: BinaryIO) -> bytes | None:
    head = questions.read(_LENGTH.size)
    return questions.read(_LENGTH.unpack(head)[0]) if len(head) == _LENGTH.size else None


def _tell(answers: BinaryIO, message: bytes) -> None:
    answers.write(_LENGTH.pack(len(message)) + message)
    answers.flush()


if __name__ == "__main__":
    sys.exit(main())
