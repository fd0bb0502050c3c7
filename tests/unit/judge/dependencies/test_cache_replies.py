"""The judge's few lines of the Redis protocol."""

import asyncio
from collections import Counter

import pytest

from climb.judge.dependencies.resp import Refused, Reply, commands_of, encoded, read_reply


async def read(data: bytes) -> Reply:
    """What these bytes say."""
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return await read_reply(reader)


def test_a_command_says_the_length_of_each_word() -> None:
    """Lengths count bytes, so any bytes can be sent."""
    assert encoded(("SET", "ä", b"\r\n")) == b"*3\r\n$3\r\nSET\r\n$2\r\n\xc3\xa4\r\n$2\r\n\r\n\r\n"


@pytest.mark.parametrize(("data", "value"), [
    (b"+OK\r\n", b"OK"),
    (b":42\r\n", 42),
    (b"$4\r\na\r\nb\r\n", b"a\r\nb"),
    (b"$-1\r\n", None),
    (b"*2\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n", [b"0", [b"a"]]),
])  # fmt: skip
async def test_replies(data: bytes, value: Reply) -> None:
    """Each kind of reply is read to its end."""
    assert await read(data) == value


async def test_an_error_has_the_words_of_the_server() -> None:
    """A refused command is told as the server told it."""
    with pytest.raises(Refused, match="NOAUTH Authentication required"):
        await read(b"-NOAUTH Authentication required.\r\n")


async def test_half_a_reply() -> None:
    """An end in the middle is no reply."""
    with pytest.raises(asyncio.IncompleteReadError):
        await read(b"$4\r\nab")


def test_commands_are_counted_by_name() -> None:
    """The lines of INFO commandstats, of which only the calls matter."""
    told = b"# Commandstats\r\ncmdstat_get:calls=3,usec=7,failed_calls=0\r\ncmdstat_client|kill:calls=1,usec=1\r\n"

    assert commands_of(told) == Counter({"get": 3, "client|kill": 1})
