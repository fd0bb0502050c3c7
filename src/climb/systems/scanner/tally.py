"""What the scan has found so far: counted always, kept only where somebody wants to see it."""

from __future__ import annotations

from climb.systems.scanner.model import NOTHING, Found, State, Summary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from climb.systems.scanner.model import Facts
    from climb.systems.scanner.targets import Host

__all__ = ["Tally"]


class Tally:
    """Counts of states, and the findings that nobody has collected yet."""

    def __init__(self, *, report_all: bool) -> None:
        self.report_all = report_all
        self.open = 0
        self.closed = 0
        self.filtered = 0
        self._found: list[Found] = []

    @property
    def done(self) -> int:
        return self.open + self.closed + self.filtered

    def add_closed(self, host: Host, port: int, rtt_s: float | None, reason: str = "rst") -> None:
        self.closed += 1
        if self.report_all:
            self._add(host, port, State.CLOSED, rtt_s, reason, NOTHING)

    def add_filtered(self, host: Host, port: int, reason: str) -> None:
        self.filtered += 1
        if self.report_all:
            self._add(host, port, State.FILTERED, None, reason, NOTHING)

    def add_open(self, host: Host, port: int, rtt_s: float, facts: Facts) -> None:
        """An open port, once all is known about it; it is counted when it is found (``open += 1``)."""
        self._add(host, port, State.OPEN, rtt_s, "syn-ack", facts)

    def take(self) -> list[Found]:
        """The findings since the last call."""
        found, self._found = self._found, []
        return found

    def summary(self, hosts: int, elapsed_s: float) -> Summary:
        """The counts, for a scan of *hosts* that goes port by port: each host has had one port before any has two."""
        return Summary(
            hosts=min(hosts, self.done),
            ports=self.done,
            open=self.open,
            closed=self.closed,
            filtered=self.filtered,
            elapsed_s=round(elapsed_s, 3),
        )

    def _add(self, host: Host, port: int, state: State, rtt_s: float | None, reason: str, facts: Facts) -> None:
        self._found.append(
            Found(
                host=host.label,
                port=port,
                state=state,
                rtt_ms=None if rtt_s is None else round(rtt_s * 1000, 3),
                service=facts.service,
                banner=facts.banner,
                http=facts.http,
                tls=facts.tls,
                address=host.address,
                os=facts.os,
                reason=reason,
            )
        )
