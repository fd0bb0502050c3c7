"""Carrying out what a command line asks for: from an order to output and an exit code.

Every way in which that can end becomes an exit code here, except wrong usage, which is the reader's to explain.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager

from climb.systems.scanner.errors import ScanError, ScanUsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from climb.systems.scanner.options import Order
    from climb.systems.scanner.plan import Plan

__all__ = ["as_typed", "run"]

SCAN_BROKE_OFF = 1
NOT_POSSIBLE_HERE = 3  # as with all our commands: something is missing on this machine
INTERRUPTED = 130


def run(order: Order) -> int:
    """Do it and return the exit code.

    Raises ScanUsageError for what can't be meant; then nothing has been scanned, and nothing printed.
    """
    try:
        return _describe(order) if order.describe_self else _scan(order)
    except ScanUsageError:
        raise
    except ScanError as error:
        return _failed(str(error), SCAN_BROKE_OFF)
    except BrokenPipeError:
        # The reader has gone, as in `climb scan ... | head -1`. That is its right, and no reason for a message, which
        # Python would print when it fails to flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _failed(f"the scan can't go on ({error.strerror or error})", SCAN_BROKE_OFF)
    except KeyboardInterrupt:
        return INTERRUPTED


def as_typed(argv: list[str]) -> list[str]:
    """The command as a user would type it again: not the file that Python runs for it."""
    program, *words = argv
    if not program.endswith("__main__.py"):
        return [os.path.basename(program), *words]  # noqa: PTH119 - pathlib takes longer to import than a scan
    alone = program.endswith(os.path.join("scanner", "__main__.py"))  # noqa: PTH118 - likewise
    return [*(["python", "-m", "climb.systems.scanner"] if alone else ["climb"]), *words]


def _scan(order: Order) -> int:
    from climb.systems.scanner import session
    from climb.systems.scanner.interrupts import Interrupts
    from climb.systems.scanner.output import make_writer
    from climb.systems.scanner.output.progress import Progress

    with Interrupts() as interrupts:
        plan = _plan(order)
        if order.syn:
            from climb.systems.scanner.syn import why_not

            reason = why_not()
            if reason is not None:
                return _failed(reason, NOT_POSSIBLE_HERE)
        with _stream(order.output_file) as stream:
            _allow_descriptors(plan.concurrency)
            kind = _kind(order.kind, stream)
            writer = make_writer(kind, stream, command_line=as_typed(sys.argv), show_all=order.show_all)
            scan = session.syn_session if order.syn else session.connect_session
            scan(plan, writer, Progress(shown=order.progress), interrupts)
        return interrupts.exit_code


def _plan(order: Order) -> Plan:
    from climb.systems.scanner.plan import Plan
    from climb.systems.scanner.ports import parse_ports
    from climb.systems.scanner.targets import parse_targets

    return Plan(
        ports=parse_ports(order.ports),
        targets=parse_targets(order.targets, allow_many=order.yes),
        timeout_s=order.timeout_s,
        concurrency=order.concurrency,
        rate=order.rate,
        retries=order.retries if order.retries is not None else (2 if order.syn else 1),
        adaptive=order.adaptive,
        probe=not order.no_probe,
        report_all=order.show_all or order.kind == "nmap-xml",  # it counts, for each host, the ports it does not show
    )


def _describe(order: Order) -> int:
    if order.targets:
        target = order.targets[0]
        raise ScanUsageError(f"--self describes this machine and takes no target, so {target!r} can't stand there")
    if order.kind not in ("auto", "json", "table"):
        raise ScanUsageError(f"--self can't be printed as {order.kind}: choose json or table")
    from climb.systems.scanner.host import describe, render

    report = describe()
    with _stream(order.output_file) as stream:
        render(report, "table" if _kind(order.kind, stream) == "table" else "json", stream)
    return 0


def _kind(kind: str, stream: IO[str]) -> str:
    if kind == "auto":
        return "table" if stream.isatty() else "json"
    return kind


@contextmanager
def _stream(path: str | None) -> Iterator[IO[str]]:
    """Standard output, or the file, which is created before anything is scanned."""
    if path is None:
        yield sys.stdout
        return
    try:
        stream = open(path, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - pathlib is not loaded; closed below
    except OSError as error:
        raise ScanUsageError(
            f"{path!r} can't be written ({error.strerror}): name a file in a folder of yours"
        ) from error
    with stream:
        yield stream


def _failed(message: str, code: int) -> int:
    sys.stderr.write(f"Error: {message}\n")
    return code


def _allow_descriptors(wanted: int) -> None:
    """Ask for as many descriptors as the scan may use; a refusal only makes it slower."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = wanted + 64
    if soft != resource.RLIM_INFINITY and soft < enough:
        limit = enough if hard == resource.RLIM_INFINITY else min(enough, hard)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, limit), hard))
        except (OSError, ValueError):
            return
