"""The write-ahead log, and the snapshots that keep it short.

A record is in the log before anybody hears of what it says. It is given to the kernel with write(2), which outlives `kill -9` of this
process; surviving a power failure would take an fdatasync at the marked place.

Generation n is the file `log-n`; the folder `snapshot-n` holds the state at its beginning. A snapshot is built in a folder with
another name and renamed when it is whole, and only then are older generations deleted.
"""

import json
import os
import pickle
import re
import shutil
import struct
import zlib

HEAD = struct.Struct("<II")  # length and checksum of what follows


class OtherWindows(Exception):
    """The folder was written with another WINDOW_MS or SLIDE_MS."""


def check_windows(settings):
    """Writes down the kind of windows at the first start, and compares it at every other."""
    path = os.path.join(settings.data_dir, "windows.json")
    mine = {"WINDOW_MS": settings.window_ms, "SLIDE_MS": settings.slide_ms}
    try:
        with open(path) as file:
            written = json.load(file)
    except FileNotFoundError:
        with open(path + ".new", "w") as file:
            json.dump(mine, file)
        os.rename(path + ".new", path)
        return
    for name, number in mine.items():
        if written[name] != number:
            raise OtherWindows(f"{name}: DATA_DIR was written with {written[name]}, not {number}")


def whole_records(file):
    """(record, where it ends) as far as the file is whole: the last write may have been cut off by a kill."""
    while len(head := file.read(HEAD.size)) == HEAD.size:
        length, checksum = HEAD.unpack(head)
        data = file.read(length)
        if len(data) < length or zlib.crc32(data) != checksum:
            return
        yield pickle.loads(data), file.tell()


class Log:
    def __init__(self, data_dir):
        self.data_dir = data_dir
        names = os.listdir(data_dir)
        self.snapshots = sorted(int(m[1]) for name in names if (m := re.fullmatch(r"snapshot-(\d+)", name)))
        self.generation = self.snapshots[-1] if self.snapshots else 0
        self.size = 0
        self.descriptor = -1

    def snapshot_path(self, generation, name=""):
        return os.path.join(self.data_dir, f"snapshot-{generation}", name)

    def log_path(self, generation):
        return os.path.join(self.data_dir, f"log-{generation}")

    def latest_snapshot(self):
        """The folder of the newest snapshot, or None."""
        return self.snapshot_path(self.snapshots[-1]) if self.snapshots else None

    def records(self):
        """All records since the newest snapshot. What a kill cut off is removed, so that new records follow whole ones."""
        while os.path.exists(path := self.log_path(self.generation)):
            end = 0
            with open(path, "rb") as file:
                for record, end in whole_records(file):
                    yield record
            os.truncate(path, end)
            self.generation += 1
        self.generation = max(self.generation - 1, 0)
        self._open()

    def append(self, kind, content):
        data = pickle.dumps((kind, content), protocol=5)
        self._write_all(HEAD.pack(len(data), zlib.crc32(data)) + data)
        self.size += HEAD.size + len(data)

    def _write_all(self, data):
        view = memoryview(data)
        while view:
            view = view[os.write(self.descriptor, view) :]
        # os.fdatasync(self.descriptor) would stand here.

    def begin_generation(self):
        """From here on, records belong to the next snapshot; returns the folder to build it in."""
        os.close(self.descriptor)
        self.generation += 1
        self._open()
        folder = os.path.join(self.data_dir, "unfinished")
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        return folder

    def finish_snapshot(self, folder, generation):
        os.rename(folder, self.snapshot_path(generation))
        for name in os.listdir(self.data_dir):
            match = re.fullmatch(r"(snapshot|log)-(\d+)", name)
            if match and int(match[2]) < generation:
                path = os.path.join(self.data_dir, name)
                shutil.rmtree(path) if match[1] == "snapshot" else os.unlink(path)

    def _open(self):
        path = self.log_path(self.generation)
        self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self.size = os.fstat(self.descriptor).st_size
