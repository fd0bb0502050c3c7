"""The process that measures: ``python -m climb.labs PARENT SLUG KNOBS``. Speaks JSON lines on standard output.

It is a process of its own so that a measurement is disturbed neither by the workbench's server nor by what a terminal command has
loaded, and so that it can be ended whatever it does.
"""

from __future__ import annotations

import os
import sys
from typing import BinaryIO

import msgspec

from climb.errors import ClimbError
from climb.labs.bench import Bench
from climb.labs.lab import find
from climb.labs.machine import Watch, this_machine
from climb.labs.messages import Done, Message, Progress
from climb.parent import end_with_parent

__all__ = ["main"]


def main() -> None:
    """Measure once, and tell."""
    parent, slug, knobs = sys.argv[1:]
    end_with_parent(int(parent))
    lab = find(slug)
    output = _keep_output()

    def tell(message: Message) -> None:
        output.write(msgspec.json.encode(message) + b"\n")
        output.flush()

    machine = this_machine()  # now: a measurement may keep itself to one processor
    bench = Bench(lambda share, doing: tell(Progress(share, doing)))
    watch = Watch()
    try:
        lab.run(msgspec.json.decode(knobs, type=dict[str, int | float | str]), bench)
    except ClimbError as error:
        sys.exit(str(error))
    tell(Done(machine=machine, quiet=watch.quiet(), samples=bench.samples, facts=bench.facts))


def _keep_output() -> BinaryIO:
    """Our standard output, for messages alone: what a lab or a library prints goes to standard error from here on."""
    kept = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return kept


if __name__ == "__main__":
    main()
