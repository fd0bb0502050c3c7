"""SYN mode from end to end: raw packets say which ports are open, then ordinary connections ask what they are."""

from __future__ import annotations

import time

from climb.systems.scanner import syn
from climb.systems.scanner.model import NOTHING, State
from climb.systems.scanner.tally import Tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from climb.systems.scanner.engine import Engine
    from climb.systems.scanner.model import Found, Summary
    from climb.systems.scanner.plan import Plan
    from climb.systems.scanner.targets import Host

__all__ = ["SynSession"]


class SynSession:
    """One scan in two steps. *write* gets a finding as soon as it is complete."""

    def __init__(self, plan: Plan, write: Callable[[Found], None]) -> None:
        self._plan = plan
        self._write = write
        self._began = time.monotonic()
        self._stopped = False
        self._engine: Engine | None = None
        self._unasked: dict[tuple[Host, int], float] = {}  # open ports and their round trips in seconds
        self.tally = Tally(report_all=plan.report_all)

    def stop(self) -> None:
        """End the scan before its time."""
        self._stopped = True
        if self._engine is not None:
            self._engine.stop()

    def run(self, on_progress: Callable[[int, int], None]) -> Summary:
        """Scan; *on_progress* gets the ports done and, of the hosts seen so far, all ports."""
        plan = self._plan
        boards = syn.syn_scan_arrays(
            (host.address for host in plan.targets),
            plan.ports,
            timeout_s=plan.timeout_s,
            rate=plan.rate,
            retries=plan.retries,
            on_open=self._opened,
            on_progress=on_progress,
            stop=lambda: self._stopped,
        )
        for board in boards:
            self._count(board)
        if self._unasked:
            self._ask()
        return self._summary()

    def _opened(self, address: str, port: int, rtt_ms: float) -> None:
        host = self._plan.targets.host_at(address)
        self.tally.open += 1
        if self._plan.probe:
            self._unasked[host, port] = rtt_ms / 1000
        else:
            self.tally.add_open(host, port, rtt_ms / 1000, NOTHING)
            self._hand_out()

    def _count(self, board: syn.Board) -> None:
        if not self.tally.report_all:
            self.tally.closed += board.count(syn.CLOSED)
            self.tally.filtered += board.count(syn.FILTERED)
            return
        for place in board.places(syn.CLOSED):
            address, port = board.where(place)
            self.tally.add_closed(self._plan.targets.host_at(address), port, None)
        for place in board.places(syn.FILTERED):
            address, port = board.where(place)
            self.tally.add_filtered(self._plan.targets.host_at(address), port, "no-response")
        self._hand_out()

    def _hand_out(self) -> None:
        for found in self.tally.take():
            self._write(found)

    def _ask(self) -> None:
        """Connect to each open port. Whatever becomes of that, the port was open when it was found."""
        from climb.systems.scanner.engine import Engine  # a scan that finds nothing open does without

        with Engine(self._plan, pairs=list(self._unasked), report_all=True) as engine:
            self._engine = engine
            if self._stopped:
                engine.stop()
            while not engine.finished:
                self._write_open(engine.turn())
            self._write_open(engine.close())
        for (host, port), rtt_s in self._unasked.items():
            self.tally.add_open(host, port, rtt_s, NOTHING)
        self._hand_out()

    def _write_open(self, findings: list[Found]) -> None:
        for found in findings:
            rtt_s = self._unasked.pop((self._plan.targets.host_at(found.address or found.host), found.port))
            self._write(found._replace(state=State.OPEN, reason="syn-ack", rtt_ms=round(rtt_s * 1000, 3)))

    def _summary(self) -> Summary:
        return self.tally.summary(self._plan.targets.count, time.monotonic() - self._began)
