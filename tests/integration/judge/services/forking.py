"""Shares 64 MiB with two workers; GET / names their process numbers."""

import mmap
import os
import time

from serving import serve

shared = mmap.mmap(-1, 64 * 1024 * 1024)
shared.write(b"x" * len(shared))
workers = []
for _ in range(2):
    pid = os.fork()
    if pid == 0:
        sum(shared[::4096])
        time.sleep(600)
    workers.append(pid)

serve(lambda _path: (200, repr(workers).encode()))
