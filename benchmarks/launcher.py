"""Starts one command after the other and says what each took: ``python -I -S launcher.py``, one JSON object a line.

A process of its own, for two reasons. Linux counts the memory of the process that starts a program towards the
program's peak (the maximum survives ``execve``), so the starter must be small. And it can live in a network namespace,
in which all that it starts lives too, without a wrapper that would be timed along.
"""

from __future__ import annotations

import json
import os
import sys
import time

Order = dict[str, list[str]]  # command, output files, environment as KEY=value


def run(order: Order) -> dict[str, float]:
    """Run one command, with its output in a file; return what it took."""
    mode = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
    actions += [(os.POSIX_SPAWN_OPEN, number, order["output"][number - 1], mode, 0o600) for number in (1, 2)]
    began = time.perf_counter()
    pid = os.posix_spawnp(
        order["command"][0],
        order["command"],
        dict(pair.split("=", 1) for pair in order["environment"]),
        file_actions=actions,
    )
    _, status, usage = os.wait4(pid, 0)
    return {
        "seconds": time.perf_counter() - began,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_kib": usage.ru_maxrss,
        "exit_code": os.waitstatus_to_exitcode(status),
    }


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
