"""Whether parts of an answer wait for the client's acknowledgement: Nagle's algorithm against delayed acknowledgements.

RFC 9293, 3.7.4: a kernel holds a small segment back while another one is unacknowledged. RFC 9293, 3.8.6.3: the other kernel delays its acknowledgement, hoping for
something to send with it. Linux delays for 40 ms, but not on a connection that has only begun; so the first answers of new connections are compared
with later ones on a connection that is used on and on. A slow machine is slow at both.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from climb.judge.expect import within
from climb.projects.http.driver import Running

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer

__all__ = ["held_back"]

_FRESH = 7
_WARM = 8  # answers after which a kernel takes a connection for a dialogue
_LATER = 15
_DELAY_MS = 20.0  # half of the shortest delay of an acknowledgement
_TIMES = 4


async def held_back(running: Running, sent: bytes, what: str) -> None:
    """Fails the check if later answers on a connection come in parts, and the first ones of new connections do not."""
    fresh = [_spread_ms(await (await running.converse(f"{what}, the first")).ask(sent)) for _ in range(_FRESH)]
    conversation = await running.converse(f"{what}, again and again")
    later = [_spread_ms(await conversation.ask(sent)) for _ in range(_WARM + _LATER)][_WARM:]
    before, after = statistics.median(fresh), statistics.median(later)
    within(
        after,
        max(_DELAY_MS, _TIMES * before),
        f"from the first byte of an answer to its last, on a connection that is used again and again: {what}",
        unit="ms",
        calibration=f"half of the shortest delay of an acknowledgement, or {_TIMES} × the {before:.2f} ms on new connections, whose acknowledgements are not delayed",
        why="A part of the answer waits until the client's kernel has acknowledged the part before, which it delays. Set TCP_NODELAY, or write the whole answer at once.",
    )


def _spread_ms(answer: Answer) -> float:
    return (answer.ended_at - answer.began_at) * 1000
