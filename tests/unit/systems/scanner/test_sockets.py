"""What errors of connect() mean."""

from __future__ import annotations

import errno

import pytest

from climb.systems.scanner.model import State
from climb.systems.scanner.sockets import SHORTAGE, verdict


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (errno.ECONNREFUSED, State.CLOSED, "rst"),
        (errno.ETIMEDOUT, State.FILTERED, "no-response"),
        (errno.EHOSTUNREACH, State.FILTERED, "host-unreachable"),
        (errno.ENETUNREACH, State.FILTERED, "net-unreachable"),
        (errno.EACCES, State.FILTERED, "not-permitted"),
        (errno.EPERM, State.FILTERED, "not-permitted"),
        (errno.ECONNRESET, State.OPEN, "syn-ack"),
        (errno.EINVAL, State.FILTERED, "einval"),
    ],
)
def test_an_error_is_an_answer(error: int, state: State, reason: str) -> None:
    """Only a refusal means closed; a reset comes after the handshake, so the port was open."""
    assert verdict(error) == (state, reason)


@pytest.mark.parametrize("error", [errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS])
def test_what_our_own_system_lacks_says_nothing_about_the_port(error: int) -> None:
    """The port will be tried again."""
    assert error in SHORTAGE
