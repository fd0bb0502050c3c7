"""What happens to lines, from their arrival to the ack: parse, take, log, aggregate, show."""

import asyncio
import os
import pickle
import time
from dataclasses import dataclass, field

from log import Log
from pool import Pool
from readings import split_block
from results import Results
from sequencer import NEVER, Sequencer
from sketch import STATED_ERROR

MEMORY_BOUND_MIB = 1000
SNAPSHOT_AFTER_BYTES = 32 * 1024 * 1024
SMALLEST_PIECE = 8 * 1024
BLOCKS_AT_WORK_PER_WORKER = 3
LOOK_FOR_IDLE_S = 0.05


@dataclass
class Answer:
    acks: dict = field(default_factory=dict)
    rejected: list = field(default_factory=list)


class Service:
    def __init__(self, settings):
        self.settings = settings
        self.log = Log(settings.data_dir)
        self.results = Results(settings.data_dir)
        self.sequencer = Sequencer(settings)
        self.pool = Pool(settings)
        self.rejected = 0
        self.places = asyncio.Semaphore(BLOCKS_AT_WORK_PER_WORKER * settings.workers)  # the queue's limit
        self.turn = asyncio.Lock()  # is fair: who asks first comes first

    async def start(self):
        await self.pool.start()
        if folder := self.log.latest_snapshot():
            await self._restore(folder)
        for kind, content in self.log.records():
            await self._show(self.pool.apply(self._replay(kind, content)))
        self.sequencer.duplicates = 0
        self.sequencer.begin(time.monotonic())
        self.log.append("start", None)
        self.ticking = asyncio.create_task(self._look_for_idle_sensors())

    def _replay(self, kind, content):
        """Does again what a record says; the steps for the workers."""
        if kind == "taken":
            return self.sequencer.take(content, 0.0).steps
        if kind == "idle":
            return self.sequencer.let_idle(content).steps
        self.sequencer.begin(0.0)
        return []

    async def _restore(self, folder):
        with open(os.path.join(folder, "sequencer"), "rb") as file:
            self.sequencer.restore(pickle.load(file))
        await asyncio.gather(*self.pool.ask_all("restore", folder))

    async def ingest(self, first, block) -> Answer:
        """Takes the readings of whole lines. When it returns, they survive a crash."""
        async with self.places:
            answer, readings = Answer(), []
            parts = min(self.settings.workers, len(block) // SMALLEST_PIECE + 1)
            pieces = split_block(first, block, parts)
            for good, bad in await asyncio.gather(*(self.pool.parse(*piece) for piece in pieces)):
                readings += good
                answer.rejected += bad
            self.rejected += len(answer.rejected)
            if readings:
                answer.acks = await self._take(readings)
            return answer

    async def _take(self, readings):
        # Up to the workers' turn there is no await: the order of taking is the order of the log and of the steps.
        outcome = self.sequencer.take(readings, time.monotonic())
        if outcome.taken:
            self.log.append("taken", outcome.taken)
        await self._show(self.pool.apply(outcome.steps) if outcome.steps else [])
        if self.log.size > SNAPSHOT_AFTER_BYTES:
            await self._take_snapshot()
        return outcome.acks

    async def _show(self, answers):
        async with self.turn:
            self.results.append([window for closed in await asyncio.gather(*answers) for window in closed])

    async def _look_for_idle_sensors(self):
        while True:
            await asyncio.sleep(LOOK_FOR_IDLE_S)
            if names := self.sequencer.idle_now(time.monotonic()):
                self.log.append("idle", names)
                await self._show(self.pool.apply(self.sequencer.let_idle(names).steps))

    async def _take_snapshot(self):
        folder = self.log.begin_generation()
        generation, state = self.log.generation, self.sequencer.state()
        answers = self.pool.ask_all("save", folder)
        async with self.turn:  # what was closed before is in the results by then
            await asyncio.gather(*answers)
            with open(os.path.join(folder, "sequencer"), "wb") as file:
                pickle.dump(state, file)
            self.log.finish_snapshot(folder, generation)

    def stats(self):
        sequencer = self.sequencer
        return {
            "accepted": sequencer.accepted,
            "late": sequencer.late,
            "duplicates": sequencer.duplicates,
            "rejected": self.rejected,
            "sensors": len(sequencer.sensors),
            "windows_closed": self.results.count,
            "watermark": None if sequencer.watermark == NEVER else sequencer.watermark,
            "workers": self.settings.workers,
            "percentile_error": STATED_ERROR,
            "memory_bound_mib": MEMORY_BOUND_MIB,
        }

    async def stop(self):
        self.ticking.cancel()
        await self.pool.stop()
