"""What a lab's processes say is waited for, and not for ever."""

from multiprocessing import Pipe

import pytest

from climb.errors import SetupError
from climb.labs import bench
from climb.labs.bench import received


def test_what_was_said_is_received() -> None:
    """As it was sent."""
    ours, theirs = Pipe()
    theirs.send(("127.1.2.3", 4567))

    assert received(ours) == ("127.1.2.3", 4567)


def test_a_process_that_has_ended_is_an_error_of_ours() -> None:
    """Not the end of a file that somebody has to look up."""
    ours, theirs = Pipe()
    theirs.close()

    with pytest.raises(SetupError, match="was ended"):
        received(ours)


def test_a_process_that_says_nothing_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """The measurement ends with a reason."""
    monkeypatch.setattr(bench, "_ANSWER_SECONDS", 0.0)
    ours, theirs = Pipe()

    with theirs, pytest.raises(SetupError, match="said nothing"):
        received(ours)
