"""What to scan and within which limits: one frozen value, checked once, read by everything after."""

from __future__ import annotations

import math

from climb.systems.scanner.errors import ScanUsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Final

    from climb.systems.scanner.targets import Host, Targets

__all__ = ["Plan"]

FEW_HOSTS = 4096  # as many are kept as objects; more are made anew for each port


class Plan:
    """A scan to be done.

    The order is port by port, and within a port host by host: the ports stand in the user's order, which is usually
    the order of interest, and neighbouring probes go to different hosts, so that none gets all of them at once.
    """

    __slots__ = (
        "adaptive",
        "concurrency",
        "ports",
        "probe",
        "rate",
        "report_all",
        "retries",
        "targets",
        "timeout_s",
    )

    def __init__(
        self,
        targets: Targets,
        ports: Sequence[int],
        *,
        timeout_s: float = 1.0,
        concurrency: int = 100,
        rate: float | None = None,
        retries: int = 1,
        adaptive: bool = False,
        probe: bool = True,
        report_all: bool = False,
    ) -> None:
        """Raise ``ScanUsageError`` for numbers that make no sense."""
        if not (math.isfinite(timeout_s) and timeout_s > 0):
            raise ScanUsageError(f"a timeout of {timeout_s} s makes no sense: give a positive number, for example 1.5")
        if concurrency < 1:
            raise ScanUsageError(f"{concurrency} connections at once can't scan: give at least 1")
        if rate is not None and not (math.isfinite(rate) and rate > 0):
            raise ScanUsageError(f"a rate of {rate} a second makes no sense: give a positive number, for example 50")
        if retries < 0:
            raise ScanUsageError(f"{retries} retries can't be done: give 0 or more")
        self.targets: Final = targets
        self.ports: Final = ports
        self.timeout_s: Final = timeout_s
        self.concurrency: Final = concurrency
        self.rate: Final = rate
        self.retries: Final = retries
        self.adaptive: Final = adaptive
        self.probe: Final = probe
        self.report_all: Final = report_all

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__ if name != "ports")
        return f"<Plan {len(self.ports)} ports, {settings}>"

    @property
    def total(self) -> int:
        """How many host-port pairs there are."""
        return self.targets.count * len(self.ports)

    def pairs(self) -> Iterator[tuple[Host, int]]:
        """Each host-port pair, once, in the order in which they are probed."""
        hosts: Targets | tuple[Host, ...] = self.targets
        if self.targets.count <= FEW_HOSTS:
            hosts = tuple(self.targets)
        return ((host, port) for port in self.ports for host in hosts)
