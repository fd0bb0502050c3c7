"""Clicks: written into a file before they are answered, and from there into the database, each once."""

import asyncio
import os
import time
import uuid
from collections import Counter
from datetime import UTC, datetime

FLUSH_S = 0.3
HOUR_S = 3600
NOTE_BATCH = "INSERT INTO batches (id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id"
ADD = """
INSERT INTO clicks (code, hour, count) SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::bigint[])
ON CONFLICT (code, hour) DO UPDATE SET count = clicks.count + excluded.count
"""


class Journal:
    def __init__(self, folder, database):
        self.folder, self.database = folder, database
        self.waiting = sorted(folder.glob("*.clicks"))  # what the last life has left
        self.begin()

    def begin(self):
        """A file is a batch, and its name is the batch's."""
        self.path = self.folder / f"{uuid.uuid4()}.clicks"
        self.file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.empty = True

    def click(self, code: str):
        """The kernel has it when this returns."""
        hour = int(time.time()) // HOUR_S
        os.write(self.file, f"{hour} {code}\n".encode())
        self.empty = False

    async def run(self):
        while True:
            await asyncio.sleep(FLUSH_S)
            try:
                await self.flush()
            except Exception:
                await asyncio.sleep(FLUSH_S)  # the file stays, and is tried again

    async def flush(self):
        if not self.empty:
            os.close(self.file)
            self.waiting.append(self.path)
            self.begin()
        while self.waiting:
            await self.store(self.waiting[0])
            self.waiting.pop(0).unlink()

    async def store(self, path):
        counts = read(path)
        hours = [datetime.fromtimestamp(hour * HOUR_S, UTC) for hour, _ in counts]
        async with self.database.transaction() as sql:
            if await sql.fetchval(NOTE_BATCH, path.stem):
                await sql.execute(ADD, [code for _, code in counts], hours, list(counts.values()))

    async def flush_at_the_end(self):
        """What does not get into the database now is in the file at the next start."""
        try:
            await self.flush()
            os.close(self.file)
            self.path.unlink()
        except Exception:
            return


def read(path) -> Counter:
    """Clicks by hour and code, in order; a last line that is only half there was never answered."""
    whole, _, _ = path.read_text().rpartition("\n")
    lines = [line.split(" ") for line in whole.split("\n") if line]
    counts = Counter((int(hour), code) for hour, code in lines)
    return Counter(dict(sorted(counts.items())))
