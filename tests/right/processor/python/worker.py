"""A worker: a process that parses blocks of lines, and aggregates the readings of the sensors that it owns.

It answers one request after the other, over the socket that is its standard input, and ends when that is closed: a main process that
was killed leaves no worker behind.
"""

import gc
import os
import pickle
import signal
import socket
import struct
import sys
import zlib

from readings import parse_block
from windows import OpenWindows

LENGTH = struct.Struct("<I")


class Worker:
    def __init__(self, number, workers, window_ms, slide_ms):
        self.number = number
        self.workers = workers
        self.windows = OpenWindows(window_ms, slide_ms)

    def parse(self, first, block):
        return parse_block(first, block)

    def apply(self, steps):
        """Adds and closes, step by step. What was closed comes back."""
        closed = []
        for readings, close_to in steps:
            for sensor, ts, value in readings:
                self.windows.add(sensor, ts, value)
            if close_to is not None:
                closed += self.windows.close(close_to)
        return closed

    def save(self, folder):
        with open(os.path.join(folder, f"windows-{self.number}"), "wb") as file:
            for piece in self.windows.state():
                pickle.dump(piece, file, protocol=5)

    def restore(self, folder):
        for name in os.listdir(folder):
            if name.startswith("windows-"):
                with open(os.path.join(folder, name), "rb") as file:
                    self.windows.restore(pieces(file), self.is_mine)

    def is_mine(self, sensor):
        return zlib.crc32(sensor.encode()) % self.workers == self.number


def pieces(file):
    while True:
        try:
            yield pickle.load(file)
        except EOFError:
            return


def serve(connection, worker):
    """Answers requests until the connection ends."""
    with connection, connection.makefile("rb") as requests:
        while len(head := requests.read(LENGTH.size)) == LENGTH.size:
            name, arguments = pickle.loads(requests.read(*LENGTH.unpack(head)))
            answer = pickle.dumps(getattr(worker, name)(*arguments), protocol=5)
            connection.sendall(LENGTH.pack(len(answer)) + answer)


def main():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the main process says when to end
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # nothing here refers to itself in a circle, and looking for that in 100,000 windows takes most of the time
    serve(socket.socket(fileno=0), Worker(*map(int, sys.argv[1:])))


if __name__ == "__main__":
    try:
        main()
    except (EOFError, OSError, pickle.UnpicklingError):
        pass  # the main process is gone
