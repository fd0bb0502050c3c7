"""The closed windows: a file that only grows, in the order in which windows are shown.

A line is the start, the sensor and the window's JSON, with tabs between. A cursor is the place in the file where the next line begins,
so it stays valid for ever. In memory there is only every so-many-bytes a start and its place.
"""

import asyncio
import bisect
import os

INDEX_EVERY = 64 * 1024
BLOCK = 256 * 1024


class Results:
    def __init__(self, data_dir):
        self.descriptor = os.open(os.path.join(data_dir, "results"), os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        self.size = 0
        self.count = 0
        self.last = (-1, "")  # start and sensor of the last window
        self.index_starts = []
        self.index_places = []
        self.news = asyncio.Event()
        self._read_what_is_there()

    def _read_what_is_there(self):
        there = os.fstat(self.descriptor).st_size
        for start, sensor, line, end in self._lines(0, there):
            self._note(start, end - len(line) - 1)
            self.last = (start, sensor.decode())
            self.count += 1
            self.size = end
        os.ftruncate(self.descriptor, self.size)  # half a line, if a kill came between

    def append(self, closed):
        """Shows windows, given as (start, sensor, JSON). After a crash some come again: they are there already."""
        lines = []
        for start, sensor, window in sorted(closed):
            if (start, sensor) <= self.last:
                continue
            self.last = (start, sensor)
            line = f"{start}\t{sensor}\t{window}\n".encode()
            lines.append((start, line))
        if not lines:
            return
        data = memoryview(b"".join(line for _, line in lines))
        while data:
            data = data[os.write(self.descriptor, data) :]
        for start, line in lines:
            self._note(start, self.size)
            self.size += len(line)
        self.count += len(lines)
        self.news.set()
        self.news = asyncio.Event()

    def _note(self, start, place):
        if not self.index_places or place - self.index_places[-1] >= INDEX_EVERY:
            self.index_starts.append(start)
            self.index_places.append(place)

    def place_of(self, start):
        """A place before the first window that starts then or later, and not far before it."""
        place = bisect.bisect_left(self.index_starts, start)
        return self.index_places[place - 1] if place else 0

    def is_place(self, place):
        if place == 0:
            return True
        return place <= self.size and os.pread(self.descriptor, 1, place - 1) == b"\n"

    def page(self, after, sensor, low, high, limit):
        """Up to so many windows behind a place, each with the place behind it, and the place up to which was looked."""
        found, place = [], max(after, self.place_of(low))
        wanted = None if sensor is None else sensor.encode()
        for start, name, line, end in self._lines(place, self.size):
            if start >= high:
                break
            place = end
            if start >= low and (wanted is None or name == wanted):
                found.append((line.split(b"\t", 2)[2], end))
                if len(found) == limit:
                    break
        return found, place

    def _lines(self, place, size):
        """(start, sensor, line, where the next one begins) of whole lines."""
        rest = b""
        while place < size:
            block = os.pread(self.descriptor, min(BLOCK, size - place), place)
            place += len(block)
            lines = (rest + block).split(b"\n")
            rest = lines.pop()
            end = place - len(rest) - sum(len(line) + 1 for line in lines)
            for line in lines:
                end += len(line) + 1
                start, name, _ = line.split(b"\t", 2)
                yield int(start), name, line, end
