"""The workers as the main process sees them: requests go out in order, and answers come back in order."""

import asyncio
import os
import pickle
import socket
import subprocess
import sys
from collections import deque

from worker import LENGTH

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "worker.py")


class WorkerHandle:
    def __init__(self):
        self.waiting = deque()

    async def start(self, number, settings):
        ours, theirs = socket.socketpair()
        numbers = (number, settings.workers, settings.window_ms, settings.slide_ms)
        with theirs:
            self.process = subprocess.Popen([sys.executable, PROGRAM, *map(str, numbers)], stdin=theirs)
        self.reader, self.writer = await asyncio.open_connection(sock=ours)
        self.task = asyncio.create_task(self._read_answers())

    def ask(self, name, *arguments):
        """Sends a request now; the future is its answer."""
        data = pickle.dumps((name, arguments), protocol=5)
        self.writer.write(LENGTH.pack(len(data)))
        self.writer.write(data)
        answer = asyncio.get_running_loop().create_future()
        self.waiting.append(answer)
        return answer

    async def _read_answers(self):
        try:
            while True:
                (length,) = LENGTH.unpack(await self.reader.readexactly(LENGTH.size))
                answer = pickle.loads(await self.reader.readexactly(length))
                self.waiting.popleft().set_result(answer)
        except (asyncio.IncompleteReadError, OSError):
            print("a worker has ended", file=sys.stderr)
            os._exit(1)  # without it nothing can be right any more; the log has all that was promised

    async def stop(self):
        self.task.cancel()
        self.writer.close()
        await self.writer.wait_closed()
        self.process.wait()


class Pool:
    def __init__(self, settings):
        self.settings = settings
        self.workers = [WorkerHandle() for _ in range(settings.workers)]

    async def start(self):
        await asyncio.gather(*(worker.start(number, self.settings) for number, worker in enumerate(self.workers)))

    def least_busy(self):
        return min(self.workers, key=lambda worker: len(worker.waiting))

    def parse(self, first, block):
        return self.least_busy().ask("parse", first, block)

    def apply(self, steps):
        """Gives each worker its part of the steps; the futures are the windows that they closed."""
        return [
            worker.ask("apply", [(step.readings[number], step.close_to) for step in steps])
            for number, worker in enumerate(self.workers)
        ]

    def ask_all(self, name, *arguments):
        return [worker.ask(name, *arguments) for worker in self.workers]

    async def stop(self):
        await asyncio.gather(*(worker.stop() for worker in self.workers))
