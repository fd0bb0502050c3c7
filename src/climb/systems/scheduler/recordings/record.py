"""How ``compile.perf.txt.gz`` was made, so that it can be made again: a small scene of real programs, recorded with perf.

    sudo python -m climb.systems.scheduler.recordings.record compile.perf.txt.gz

Needs Linux, perf, gcc, make, gzip, and root. Programs that are not part of the scene become ``other``, and processes get new
numbers: what else ran on the machine is nobody's business.
"""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["neutral"]

PERSON = r"""
#include <stdlib.h>
#include <time.h>
static long cpu_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
int main(int count, char **words) {
  if (count != 4) return 2;
  long rounds = atol(words[1]), work = atol(words[2]), pause = atol(words[3]);
  for (long i = 0; i < rounds; i++) {
    long until = cpu_us() + work * (1 + i % 3) / 2;
    while (cpu_us() < until);
    struct timespec sleep = {0, (pause + (i * 7919) % pause) * 500};
    nanosleep(&sleep, 0);
  }
}
"""
FUNCTION = """int f{n}_{i}(int *a, int k) {{
  int s = {i};
  for (int j = 0; j < k; j++) {{
    s += a[j] * {i};
    if (s % {n} == 1) s ^= a[(j * {i}) % k];
    switch (s & 7) {{ case 0: s += 3; break; case 1: s *= 5; break; case 2: s -= a[0]; break; default: s ^= j; }}
  }}
  return s;
}}
"""
MAKEFILE = """program: {objects}
\tgcc -o program {objects}
%.o: %.c
\tgcc -O1 -c $<
"""
SCENE = """taskset -c 0 nice -n 0 ./editor 90 2000 25000 &
taskset -c 1 nice -n -5 ./player 180 700 15000 &
taskset -c 1 nice -n 10 timeout 2.5 gzip -9 -c text > /dev/null &
make -s -j2 program
wait
"""
EVENTS = ("sched_switch", "sched_wakeup", "sched_wakeup_new", "sched_process_fork")
KERNEL = re.compile(r"swapper|kworker|ksoftirqd|migration|rcu_|kcompactd|kswapd|kdamond|khugepaged|jbd2|kthread")
PARTS = 7

_FORK = re.compile(r"sched_process_fork: comm=.* pid=(\d+) child_comm=.* child_pid=(\d+)")
_SUBJECT = re.compile(r"^ *(.+?) +(\d+) \[")
_NAMED = re.compile(r"\b((?:prev_|next_|child_)?)comm=(.*?) ((?:prev_|next_|child_)?)pid=(\d+)")
_FIRST_OWN, _FIRST_OTHER = 1000, 500


def neutral(lines: list[str], root: int) -> Iterator[str]:
    """The lines with the descendants of ``root`` and the kernel's threads under their names, and all others as ``other``."""
    own = {root}
    for line in lines:
        fork = _FORK.search(line)
        if fork and int(fork[1]) in own:
            own.add(int(fork[2]))
    numbers: dict[int, int] = {}

    def name_of(name: str, pid: int) -> tuple[str, int]:
        if KERNEL.match(name):
            return name, pid
        first = _FIRST_OWN if pid in own else _FIRST_OTHER
        taken = sum((number >= _FIRST_OWN) == (pid in own) for number in numbers.values())
        return name if pid in own else "other", numbers.setdefault(pid, first + taken)

    def named(match: re.Match[str]) -> str:
        name, pid = name_of(match[2], int(match[4]))
        return f"{match[1]}comm={name} {match[3]}pid={pid}"

    for line in lines:
        subject = _SUBJECT.match(line)
        if subject is None:
            continue
        name, pid = name_of(subject[1], int(subject[2]))
        yield f"{name:>16} {pid:5} [" + _NAMED.sub(named, line[subject.end() :])


def _prepare(folder: Path) -> None:
    (folder / "person.c").write_text(PERSON)
    for program in ("editor", "player"):
        subprocess.run(["gcc", "-O2", "-o", program, "person.c"], cwd=folder, check=True)
    for part in range(PARTS):
        functions = "".join(FUNCTION.format(n=part + 2, i=i) for i in range(1, 70 + 25 * part))
        (folder / f"part{part}.c").write_text(functions + ("int main() { return 0; }\n" if part == 0 else ""))
    objects = " ".join(f"part{part}.o" for part in range(PARTS))
    (folder / "Makefile").write_text(MAKEFILE.format(objects=objects))
    (folder / "text").write_text("".join(f"{i * i % 7919:x} line {i}\n" for i in range(2_500_000)))
    (folder / "scene.sh").write_text("echo $$ > root\n" + SCENE)


def _record(folder: Path) -> tuple[list[str], int]:
    events = [word for event in EVENTS for word in ("-e", f"sched:{event}")]
    subprocess.run(
        ["perf", "record", "-q", "-a", "-o", "data", *events, "--", "sh", "scene.sh"], cwd=folder, check=True
    )
    text = subprocess.run(["perf", "script", "-i", "data"], cwd=folder, check=True, capture_output=True, text=True)
    return text.stdout.splitlines(), int((folder / "root").read_text())


def main(target: Path) -> None:
    """Record the scene into ``target``."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _prepare(folder)
        lines, root = _record(folder)
    text = "\n".join(neutral(lines, root)) + "\n"
    target.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
