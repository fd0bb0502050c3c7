"""How long a host takes to answer, learned from its answers (RFC 6298, with our own bounds).

The estimate never decides that a port is filtered unless the user asks for that (``--adaptive``): a slow answer within
the timeout is an answer. It decides when a silent port is worth a second try.
"""

from __future__ import annotations

__all__ = ["RttEstimator", "RttTable"]

LEAST_S = 0.1  # below this, a busy machine's scheduling looks like a lost packet
KERNEL_RESEND_S = 1.0  # the kernel sends a SYN again after this: later answers can't be told apart (Karn)
ENOUGH_ANSWERS = 8  # an estimate from fewer is not a reason to give up early
MOST_HOSTS = 4096


class RttEstimator:
    """Smoothed round-trip time and its variation for one host."""

    __slots__ = ("answers", "srtt", "variation")

    def __init__(self) -> None:
        self.answers = 0
        self.srtt = 0.0
        self.variation = 0.0

    def add(self, rtt_s: float) -> None:
        """Learn from one answer (RFC 6298, 2.2 and 2.3)."""
        if self.answers:
            self.variation += 0.25 * (abs(self.srtt - rtt_s) - self.variation)
            self.srtt += 0.125 * (rtt_s - self.srtt)
        else:
            self.srtt = rtt_s
            self.variation = rtt_s / 2
        self.answers += 1

    def timeout_s(self, most_s: float) -> float:
        """The retransmission timeout, between 0.1 s and *most_s*."""
        return min(most_s, max(LEAST_S, self.srtt + 4 * self.variation))


class RttTable:
    """Estimators by address, for the hosts that answered most recently."""

    def __init__(self) -> None:
        self._hosts: dict[str, RttEstimator] = {}

    def add(self, address: str, rtt_s: float) -> None:
        """Learn from an answer of *address*; answers that may belong to a repeated SYN teach nothing."""
        if rtt_s >= KERNEL_RESEND_S:
            return
        estimator = self._hosts.get(address)
        if estimator is None:
            if len(self._hosts) >= MOST_HOSTS:
                del self._hosts[next(iter(self._hosts))]
            estimator = self._hosts[address] = RttEstimator()
        estimator.add(rtt_s)

    def try_again_after_s(self, address: str, timeout_s: float) -> float:
        """When a silent connection is worth a second one: half the timeout until the host has been heard."""
        estimator = self._hosts.get(address)
        return estimator.timeout_s(timeout_s) if estimator else timeout_s / 2

    def give_up_after_s(self, address: str, timeout_s: float) -> float:
        """How long to wait for *address* when the user allows giving up early."""
        estimator = self._hosts.get(address)
        if estimator is None or estimator.answers < ENOUGH_ANSWERS:
            return timeout_s
        return estimator.timeout_s(timeout_s)
