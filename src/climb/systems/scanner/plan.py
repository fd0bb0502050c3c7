"""What to scan and within which limits: one frozen value, checked once, read by everything after."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from climb.systems.scanner.errors import ScanUsageError
from climb.systems.scanner.targets import Host, Targets

__all__ = ["Plan"]

FEW_HOSTS = 4096  # as many are kept as objects; more are made anew for each port


@dataclass(frozen=True, slots=True)
class Plan:
    """A scan to be done.

    The order is port by port, and within a port host by host: the ports stand in the user's order, which is usually
    the order of interest, and neighbouring probes go to different hosts, so that none gets all of them at once.
    """

    targets: Targets
    ports: Sequence[int]
    timeout_s: float = 1.0
    concurrency: int = 100
    rate: float | None = None
    retries: int = 1
    adaptive: bool = False
    probe: bool = True
    report_all: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.timeout_s) and self.timeout_s > 0):
            raise ScanUsageError(
                f"a timeout of {self.timeout_s} s makes no sense: give a positive number, for example 1.5"
            )
        if self.concurrency < 1:
            raise ScanUsageError(f"{self.concurrency} connections at once can't scan: give at least 1")
        if self.rate is not None and not (math.isfinite(self.rate) and self.rate > 0):
            raise ScanUsageError(
                f"a rate of {self.rate} a second makes no sense: give a positive number, for example 50"
            )
        if self.retries < 0:
            raise ScanUsageError(f"{self.retries} retries can't be done: give 0 or more")

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
