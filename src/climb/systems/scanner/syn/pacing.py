"""How fast to send and how long to wait: three small controllers. None of them reads a clock; time is an argument."""

from __future__ import annotations

__all__ = ["Bucket", "Patience", "Window"]


class Bucket:
    """A token bucket: in no second, wherever it begins, are there more than ``rate`` probes.

    The bucket holds a hundredth of a second's worth and is filled so much slower that a full bucket spent at the start
    of a second and all that flows in during it make ``rate`` together.
    """

    def __init__(self, rate: float, now: float) -> None:
        """Start with one token."""
        self._size = max(1, int(rate / 100))
        self._fill = rate - self._size if self._size > 1 else rate
        self._level = 1.0
        self._at = now

    def take(self, wanted: int, now: float) -> int:
        """Take as many tokens as there are, at most ``wanted``."""
        self._level = min(self._size, self._level + (now - self._at) * self._fill)
        self._at = now
        taken = min(wanted, int(self._level))
        self._level -= taken
        return taken

    def delay(self) -> float:
        """Return the seconds until the next token."""
        return max(0.0, (1 - self._level) / self._fill)


class Patience:
    """How long an answer may take, learned from those that came: RFC 6298, with limits that suit a scan."""

    SHORTEST_S = 0.1  # RFC 6298 says one second, for connections that live long; nmap -T4 uses this
    FIRST_S = 1.0  # before anything has answered (RFC 6298, section 2.1)

    def __init__(self, longest_s: float) -> None:
        """Never wait longer than ``longest_s``."""
        self._longest_s = longest_s
        self._smoothed: float | None = None
        self._variation = 0.0

    def learn(self, rtt_s: float) -> None:
        """Take in one round trip, which must be of a probe sent only once (Karn's algorithm)."""
        if self._smoothed is None:
            self._smoothed, self._variation = rtt_s, rtt_s / 2
        else:
            self._variation += (abs(self._smoothed - rtt_s) - self._variation) / 4
            self._smoothed += (rtt_s - self._smoothed) / 8

    def wait_s(self, attempt: int) -> float:
        """Return how long to wait for the answers of this attempt, counted from zero; it doubles each time."""
        if self._smoothed is None:
            estimate = self.FIRST_S
        else:
            estimate = max(self.SHORTEST_S, self._smoothed + 4 * self._variation)
        return min(self._longest_s, estimate * (1 << attempt))


class Window:
    """How many probes may be unanswered at once.

    Silence has two reasons, and one probe can't tell them apart: a firewall drops everything, or we send faster than
    the path carries. So the window looks at the share of answers per epoch and experiments: when the share falls below
    half of the best seen, the window is halved for an epoch. If more is answered then, we were too fast and the window
    stays small; if not, the silence is not our doing and the old size returns. While the share holds, the window grows.
    A probe counts as on its way until the end of the epoch after the one in which it was sent.
    """

    SMALLEST = 64
    FALL = 0.5  # of the best share: less is taken for loss
    HELPED = 1.2  # times the share: less than this gained by halving is chance
    LOSS = 0.05  # of the retried: more late answers than this mean that we were too fast
    GROWTH = 1.5

    def __init__(self, largest: int, now: float) -> None:
        """Begin with the whole window: loopback and a local network carry it, and on others the first epoch tells."""
        self.size = self._largest = largest
        self._since = now
        self._old = 0  # unanswered of the epoch before
        self._sent = 0
        self._answered = 0
        self._best = 0.0
        self._trial: tuple[int, float] | None = None  # while halved on suspicion: the size and the share before

    def room(self) -> int:
        """Return how many probes may be sent now."""
        return max(0, self.size - max(0, self._old + self._sent - self._answered))

    def count(self, sent: int, answered: int) -> None:
        """Take note of probes sent and of answers received."""
        self._sent += sent
        self._answered += answered

    def retried(self, asked: int, answered: int) -> None:
        """Take note of a round of retries: who answers only the second time was lost the first time."""
        if answered > self.LOSS * asked:
            self.size = max(self.SMALLEST, self.size // 2)

    def tick(self, now: float, epoch_s: float) -> float:
        """End the epoch if it has lasted ``epoch_s``; return the seconds until it ends."""
        left = self._since + epoch_s - now
        if left > 0:
            return left
        self._judge()
        self._old = max(0, self._sent - max(0, self._answered - self._old))
        self._sent = self._answered = 0
        self._since = now
        return epoch_s

    def _judge(self) -> None:
        if not self._sent:
            return
        share = min(1.0, self._answered / self._sent)
        if self._trial is not None:
            size, before = self._trial
            self._trial = None
            if share <= self.HELPED * before:
                self.size, self._best = size, share
        elif share < self.FALL * self._best:
            self._trial = self.size, share
            self.size = max(self.SMALLEST, self.size // 2)
        else:
            self.size = min(self._largest, int(self.size * self.GROWTH) + 1)
            self._best = max(share, self._best)
