"""Uses every kernel once, with the types that it is used with, so that all are compiled or loaded."""

from __future__ import annotations

import numpy as np

from climb.systems.processor.engine.acks import highest_of
from climb.systems.processor.engine.parsing import Feed, Parser
from climb.systems.processor.engine.partition import Partition, Shape
from climb.systems.processor.engine.rings import Ring, deal

__all__ = ["use_every_kernel"]

_LINES = b'{"sensor":"a","seq":1,"ts":2,"value":1.5}\n'


def use_every_kernel() -> None:
    """Send one reading the whole way."""
    parser = Parser(1 << 10)
    buffer = np.zeros(1 << 10, np.uint8)
    buffer[: len(_LINES)] = np.frombuffer(_LINES, np.uint8)
    readings = parser.parse(buffer, len(_LINES), Feed()).readings
    parser.learn([b"a", *(b"%d" % number for number in range(1100))], range(1101))
    parser.resolve(readings)
    highest_of(readings)
    ring = Ring(None, 2)
    ring.push(deal(readings, 2)[0])
    many = np.repeat(ring.peek(), 200)
    many["seq"] = np.arange(1, 201)
    many["ts"] = many["seq"] % 20
    many["value"] = 1.1 ** np.arange(200)
    ring.release(1)
    ring.set_committed(1)
    partition = Partition(Shape(1, 1))
    partition.take(many, 1)
    partition.clock_floor(1, 1)
    Partition(Shape(1, 1, 1, 2)).adopt([partition])
    partition.make_room_for_cells(0)
    partition.advance(100)
