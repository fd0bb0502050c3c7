"""Passwords as argon2id, a few at a time, away from everything else."""

import asyncio
import contextlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import argon2

from database import not_counted
from problem import Problem

HASHER = argon2.PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1)
AT_A_TIME = 2
LONGEST_WAIT_S = 5
FIRST_GUESS_S = 0.05  # what a hash takes, until some were measured
NICE = 5


def be_nice():
    """What hashes has less of a claim to the processor than what answers."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


class Line:
    def __init__(self):
        self.threads = ThreadPoolExecutor(AT_A_TIME, initializer=be_nice)
        self.inside = 0
        self.each_s = FIRST_GUESS_S
        self.nobodys = HASHER.hash(os.urandom(16).hex())

    @contextlib.contextmanager
    def place(self):
        """Raises Problem for whoever would wait too long."""
        wait_s = self.inside * self.each_s / AT_A_TIME
        if wait_s > LONGEST_WAIT_S:
            raise Problem(503, "Too many want to log in.", headers={"Retry-After": str(round(wait_s))})
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1

    async def hash(self, password: str) -> str:
        return await self.run(HASHER.hash, password)

    async def fits(self, kept: str | None, password: str) -> bool:
        """Whether this is the password; without a kept hash it takes as long, and is not."""
        return await self.run(verify, kept or self.nobodys, password) and kept is not None

    async def run(self, function, *args):
        with not_counted():
            return await asyncio.get_running_loop().run_in_executor(self.threads, self.timed, function, *args)

    def timed(self, function, *args):
        began = time.monotonic()
        try:
            return function(*args)
        finally:
            self.each_s += (time.monotonic() - began - self.each_s) / 8


def verify(kept: str, password: str) -> bool:
    try:
        return HASHER.verify(kept, password)
    except argon2.exceptions.VerificationError:
        return False
