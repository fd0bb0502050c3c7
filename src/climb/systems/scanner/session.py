"""A whole scan as the command runs it: findings to the writer, progress to the terminal, signals obeyed."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from climb.systems.scanner.interrupts import Interrupts
    from climb.systems.scanner.model import Found
    from climb.systems.scanner.output.progress import Progress
    from climb.systems.scanner.output.writer import Writer
    from climb.systems.scanner.plan import Plan

__all__ = ["connect_session", "syn_session"]


def connect_session(plan: Plan, writer: Writer, progress: Progress, interrupts: Interrupts) -> None:
    """Scan with ordinary connections."""
    from climb.systems.scanner.engine import Engine

    total = plan.total
    with Engine(plan) as engine, progress:
        interrupts.on_stop(engine.stop)
        while not engine.finished:
            for found in engine.turn():
                _write(found, writer, progress)
            progress.update(engine.tally.done, total, engine.tally.open)
        for found in engine.close():
            _write(found, writer, progress)
        progress.hide()
        writer.finish(engine.summary(), interrupted=interrupts.received is not None)


def syn_session(plan: Plan, writer: Writer, progress: Progress, interrupts: Interrupts) -> None:
    """Find open ports by raw packets, then ask them what they are."""
    from climb.systems.scanner.syn_session import SynSession

    total = plan.total
    session = SynSession(plan, lambda found: _write(found, writer, progress))
    interrupts.on_stop(session.stop)
    with progress:
        summary = session.run(lambda done, _: progress.update(done, total, session.tally.open))
        progress.hide()
        writer.finish(summary, interrupted=interrupts.received is not None)


def _write(found: Found, writer: Writer, progress: Progress) -> None:
    progress.hide()  # both may go to the same terminal
    writer.found(found)
