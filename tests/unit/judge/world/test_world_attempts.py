from climb.judge.world.attempts import Attempt, AttemptWatch


class Replay:
    """A kernel whose listings are given, one per sample."""

    def __init__(self, *listings: list[Attempt]) -> None:
        self._listings = list(listings)

    def attempts(self) -> list[Attempt]:
        return self._listings.pop(0)


def attempt(port: int = 1024, source: int = 40000, retransmits: int = 0, socket_id: int = 1) -> Attempt:
    return Attempt(port=port, source_port=source, retransmits=retransmits, socket_id=socket_id)


def watched(*listings: list[Attempt]) -> AttemptWatch:
    watch = AttemptWatch(Replay(*listings))
    for _ in listings:
        watch.look()
    return watch


def test_the_peak_is_the_longest_listing() -> None:
    """Attempts that were never listed together are not added up."""
    watch = watched([attempt(source=1), attempt(source=2)], [attempt(source=3)], [])

    assert watch.attempts_at_once == 2
    assert watch.attempts == 3


def test_another_socket_on_the_same_ports_is_another_attempt() -> None:
    """A source port used again does not make one long life of two short ones."""
    watch = watched([attempt(socket_id=1)], [attempt(socket_id=2)])

    assert watch.attempts == 2
    assert watch.longest_s == 0.0


def test_an_attempt_seen_twice_has_lived() -> None:
    """The life is at least the time between the first sample and the last."""
    watch = watched([attempt()], [attempt(retransmits=2)])

    assert watch.longest_s >= 0.0
    assert watch.retransmits == 2
    assert watch.seen_ports == {1024}
