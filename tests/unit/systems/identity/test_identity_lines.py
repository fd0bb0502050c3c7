"""The line in front of the threads that hash, and the turns of those who try one pair's passwords."""

import asyncio
import threading
from contextlib import ExitStack

import pytest

from climb.stack.http.problems import Problem
from climb.systems.identity.guessing import Tries
from climb.systems.identity.hashing import Line, Passwords, fits, hashed
from climb.systems.identity.keyring import shown_until_s
from climb.systems.identity.outbox import delay_s
from climb.systems.identity.storage.queries import LiveKey, Standing


class Ledger:
    """Failures as the database has them."""

    def __init__(self) -> None:
        self.failed = 0
        self.looked = 0

    async def look(self) -> Standing:
        self.looked += 1
        failed = self.failed
        await asyncio.sleep(0)
        if failed >= 3:
            raise Problem(429)
        return Standing(None, None, 0, failed, failed)


async def test_a_line_that_is_too_long_refuses_at_once() -> None:
    """Behind nine places at half a second each the wait would be close to five seconds for one thread."""
    line = Line(1, expected_s=0.5)
    with ExitStack() as stack:
        for _ in range(9):
            stack.enter_context(line.place())
        with pytest.raises(Problem) as refused, line.place():
            pass
    with line.place():
        line.end()

    assert (refused.value.status, refused.value.headers["Retry-After"]) == (503, "1")


async def test_work_is_done_in_order_by_few() -> None:
    """With two threads no more than two are at it, and who came first begins first."""
    line, begun, at_it, most = Line(2), [], [], []
    lock = threading.Lock()

    def work(number: int) -> int:
        with lock:
            begun.append(number)
            at_it.append(number)
            most.append(len(at_it))
        with lock:
            at_it.remove(number)
        return number

    found = await asyncio.gather(*(line.run(lambda number=number: work(number)) for number in range(20)))
    line.end()

    assert found == list(range(20))
    assert sorted(begun) == list(range(20))
    assert max(most) <= 2


async def test_who_waits_too_long_is_let_go() -> None:
    """A line that was expected to be quick, and is not; its place is free for the next."""
    line, release = Line(1, most_wait_s=0.01), threading.Event()
    first = asyncio.create_task(line.run(release.wait))
    await asyncio.sleep(0)
    with pytest.raises(Problem) as refused:
        await line.run(lambda: None)
    release.set()

    assert refused.value.status == 503
    assert await first
    assert await line.run(lambda: "next") == "next"
    line.end()


async def test_no_more_are_tried_than_may_fail() -> None:
    """Of fifty wrong tries at once three are made, and the others refused when these have failed."""
    ledger, tries, made = Ledger(), Tries(3), []

    async def attempt(number: int) -> int:
        try:
            async with tries.begun("pair", ledger.look) as (_, failed):
                made.append(number)
                await asyncio.sleep(0)
                ledger.failed += 1
                failed()
        except Problem as problem:
            return problem.status
        return 401

    statuses = await asyncio.gather(*(attempt(number) for number in range(50)))

    assert len(made) == 3
    assert sorted(statuses) == [401] * 3 + [429] * 47


async def test_right_tries_take_turns_without_a_crowd() -> None:
    """Fifty right ones all come to their turn, three at a time, and each looks only when there may be room."""
    ledger, tries, at_once, most = Ledger(), Tries(3), 0, 0

    async def attempt() -> None:
        nonlocal at_once, most
        async with tries.begun("pair", ledger.look):
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0)
            at_once -= 1

    await asyncio.gather(*(attempt() for _ in range(50)))

    assert most == 3
    assert ledger.looked <= 250


async def test_pairs_do_not_wait_for_each_other() -> None:
    """While one pair's tries are all under way another's begin."""
    ledger, tries = Ledger(), Tries(1)
    async with asyncio.timeout(5), tries.begun("one", ledger.look), tries.begun("other", ledger.look) as (standing, _):
        assert standing.failed == 0


def test_a_hash_is_of_its_password_alone() -> None:
    """As the PHC string format has it, with a salt of its own, and each letter counts."""
    one, again = hashed("correct horse"), hashed("correct horse")

    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert one != again
    assert fits("correct horse", one)
    assert not fits("correct horsf", one)
    assert not fits("correct horse", "no hash")


def test_a_key_is_shown_until_its_last_token_has_run_out() -> None:
    """A moment longer, and less than ten seconds; the newest for ever."""
    old = LiveKey("a", b"", 300, 1000.0, 2000.0, 2000.0)
    newest = LiveKey("b", b"", 300, 2000.0, None, 2000.0)

    assert 2300 <= (shown_until_s(old) or 0) <= 2310
    assert shown_until_s(newest) is None


def test_messages_are_tried_again_less_and_less_often() -> None:
    """Often enough that many attempts fall into a minute."""
    delays = [delay_s(attempts) for attempts in range(1, 12)]

    assert delays == sorted(delays)
    assert delays[0] < 1
    assert delays[-1] <= 5


async def test_without_an_account_no_password_fits() -> None:
    """Though one is looked at all the same."""
    line = Line(1)
    passwords = Passwords(line)
    with line.place():
        found = (
            await passwords.fits("correct horse", None),
            await passwords.fits("correct horse", hashed("correct horse")),
        )
    line.end()

    assert found == (False, True)
