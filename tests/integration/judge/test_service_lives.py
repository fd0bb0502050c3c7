"""Services before the judge: ready or not, killed, paused, stopped, started again, and what is told of each."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from climb.judge.drivers.connection import ConnectionLost
from climb.judge.drivers.life import ADDRESS
from climb.judge.drivers.service import Instance, Service, accepts, healthy
from climb.judge.evidence import Comparison, Exchange, Lifetime, Output
from climb.judge.expect import CannotTell, Failure, expect
from climb.judge.limits import MIB
from climb.judge.listening import listens
from climb.judge.world import ports

MakeService = Callable[..., AbstractAsyncContextManager[Service]]
READY = healthy("PORT")


def comparison(failure: Failure) -> Comparison:
    """What a failure compares."""
    return next(piece for piece in failure.evidence if isinstance(piece, Comparison))


def last_lines(failure: Failure) -> tuple[str, ...]:
    """The lines of the program that a failure shows."""
    return next((piece.lines for piece in failure.evidence if isinstance(piece, Output)), ())


async def test_it_is_told_what_was_given_and_nothing_else(
    service: MakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables of the check reach the program, and those set to None are taken out of its surroundings."""
    monkeypatch.setenv("WORKERS", "4")

    async with service("healthy") as driver:
        env = {"WINDOW_MS": 10, "WORKERS": None}
        async with driver.started(env, ports=("PORT",), ready=READY) as instance:
            http = instance.http("PORT")

            assert (await http.get("/env/WINDOW_MS")).text == "10"
            assert (await http.get("/env/WORKERS")).text == "not set"
            assert (await http.get("/env/PORT")).text == str(instance.ports["PORT"])
            assert instance.env == {"PORT": str(instance.ports["PORT"]), "WINDOW_MS": "10"}


async def test_one_that_takes_its_time_is_waited_for(service: MakeService) -> None:
    """A refused connection means: not yet."""
    async with (
        service("slow") as driver,
        driver.started({}, ports=("PORT",), ready=READY) as instance,
    ):
        assert instance.ready_seconds is not None
        assert instance.ready_seconds >= 0.5


async def test_a_port_that_another_took_is_nobodys_fault(service: MakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge lets go of a port before the program takes it, and somebody may be quicker."""
    with socket.create_server((ADDRESS, 0)) as other:
        monkeypatch.setattr(ports, "held_somewhere", lambda _address: other.dup())

        async with service("healthy") as driver:
            with pytest.raises(CannotTell, match=f"another program took port {other.getsockname()[1]} "):
                await driver.start({}, ports=("PORT",), ready=READY)


async def test_one_that_answers_503_is_waited_for(service: MakeService) -> None:
    """Service unavailable means: not yet."""
    async with service("starting") as driver:
        folder = driver.folder()
        starting = asyncio.create_task(driver.start({"DATA_DIR": folder}, ports=("PORT",), ready=READY))
        assert await answers_503(driver)
        assert not starting.done()
        (folder / "ready").touch()

        assert (await starting).ready_seconds is not None


async def answers_503(driver: Service) -> bool:
    """Whether it gets as far as that in ten seconds."""
    for _ in range(200):
        await asyncio.sleep(0.05)
        if not (driver.instances and driver.instances[0].lives):
            continue
        with contextlib.suppress(ConnectionLost):
            return (await driver.instances[0].http("PORT").get("/healthz", status=None)).status == 503
    return False


async def test_ready_can_be_an_accepted_connection(service: MakeService) -> None:
    """A protocol without HTTP is ready when somebody answers at its port."""
    async with (
        service("echoing") as driver,
        driver.started({}, ports=("PORT",), ready=accepts("PORT")) as instance,
    ):
        assert await listens("127.0.0.1", instance.ports["PORT"])


async def test_one_that_is_never_ready_is_told_where_it_listens(service: MakeService) -> None:
    """The report says what was asked, what came of it, that the program lives, where it listens, and what it wrote."""
    async with service("elsewhere") as driver:
        with pytest.raises(Failure) as raised:
            await driver.start({}, ports=("PORT",), ready=READY, ready_s=0.5)
        instance = driver.instances[0]

        told = comparison(raised.value)
        (line,) = last_lines(raised.value)
        assert raised.value.subject == "the service is ready"
        assert told.expected == f"200 from GET http://127.0.0.1:{instance.ports['PORT']}/healthz"
        assert told.received.startswith("connection refused")
        assert told.saw == f"the program runs (pid {instance.pid}) and listens on 127.0.0.1:{line.split()[-1]}"


async def test_another_answer_than_200_or_503_is_not_waited_for(service: MakeService) -> None:
    """404 says that nobody serves the path, and waiting does not change that."""
    async with service("lost") as driver:
        with pytest.raises(Failure) as raised:
            await driver.start({}, ports=("PORT",), ready=READY, ready_s=600)

        assert "404" in comparison(raised.value).received


async def test_one_that_ends_before_it_is_ready_is_reported_at_once(service: MakeService) -> None:
    """Its exit code and its last lines, without waiting for the deadline."""
    async with service("refusing") as driver:
        with pytest.raises(Failure) as raised:
            await driver.start({}, ports=("PORT",), ready=READY, ready_s=600)

        assert raised.value.subject == "how the program ended"
        assert comparison(raised.value).received.startswith("exit code 2 ")
        assert last_lines(raised.value) == ("WINDOW_MS: expected a number",)


async def test_a_program_that_should_refuse_is_let_end(service: MakeService) -> None:
    """With the right exit code it is no failure, and what it wrote is there to look at."""
    async with service("refusing") as driver:
        outcome = await driver.refuses({}, ports=("PORT",))

        assert outcome.stderr == b"WINDOW_MS: expected a number\n"


async def test_a_refusal_with_another_exit_code_fails(service: MakeService) -> None:
    """The code is part of the contract."""
    async with service("refusing") as driver:
        with pytest.raises(Failure) as raised:
            await driver.refuses({}, ports=("PORT",), exit_code=3)

        assert comparison(raised.value).received == "exit code 2"


@pytest.mark.parametrize(("path", "ending"), [("/crash", "killed by SIGSEGV"), ("/leave", "exit code 0")])
async def test_a_check_that_fails_since_the_program_died_says_so(service: MakeService, path: str, ending: str) -> None:
    """What the client noticed becomes the report of the end, with the transcript."""
    async with service("crashing") as driver:
        with pytest.raises(Failure) as raised:
            async with driver.started({}, ports=("PORT",), ready=READY) as instance:
                await instance.http("PORT").get(path)

        exchange = next(piece for piece in raised.value.evidence if isinstance(piece, Exchange))
        assert raised.value.subject == "how the program ended"
        assert comparison(raised.value).received.startswith(ending)
        assert exchange.peer == f"GET {path}"


async def test_a_death_that_nobody_noticed_fails_the_check(service: MakeService) -> None:
    """A check whose demands all held has not passed if the program ended meanwhile."""
    with pytest.raises(Failure) as raised:  # noqa: PT012 - it is raised at the end of the inner block
        async with service("crashing") as driver:
            instance = await driver.start({}, ports=("PORT",), ready=READY)
            with contextlib.suppress(ConnectionLost):
                await instance.http("PORT").get("/crash")

    assert raised.value.subject == "how the program ended"
    assert last_lines(raised.value) == ("about to crash",)


async def test_a_failure_of_a_living_program_stays_what_it_is(service: MakeService) -> None:
    """Only an end is put in front of what a check says."""
    async with service("healthy") as driver:
        with pytest.raises(Failure) as raised:
            async with driver.started({}, ports=("PORT",), ready=READY):
                expect(1, "the count").equals(2, why="Two were sent.")

        assert raised.value.subject == "the count"


async def test_a_killed_one_starts_again_on_its_folder(service: MakeService) -> None:
    """What is on the disk is there; the ports are others."""
    async with service("counting") as driver:
        instance = await driver.start({"DATA_DIR": driver.folder()}, ports=("PORT",), ready=READY)
        followed: list[int] = []
        instance.follow("PORT", followed.append)
        before = instance.ports["PORT"]
        await instance.kill()
        assert not instance.running
        await instance.start()

        assert (await instance.http("PORT").get("/")).text == "2"
        assert instance.number == 2
        assert followed == [before, instance.ports["PORT"]]
        assert before != instance.ports["PORT"]


async def test_a_kill_reaches_every_process(service: MakeService) -> None:
    """Workers are killed with the one that started them."""
    async with service("forking") as driver:
        instance = await driver.start({}, ports=("PORT",), ready=READY)
        workers = (await instance.http("PORT").get("/")).json()
        assert set(workers) < set(instance.pids())
        await instance.kill()

        assert instance.pids() == []
        assert not any(command_line(pid) for pid in workers)


def command_line(pid: int) -> bytes:
    """A process's command line; a zombie has none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


async def test_shared_memory_counts_once(service: MakeService) -> None:
    """Three processes that share 64 MiB use 64 MiB and a little, not three times as much."""
    async with (
        service("forking") as driver,
        driver.started({}, ports=("PORT",), ready=READY) as instance,
    ):
        memory = instance.memory()

        assert 64 * MIB <= memory.now < 2 * 64 * MIB
        assert memory.peak >= memory.now
        assert instance.cpu_seconds() > 0


async def test_a_paused_one_answers_when_it_goes_on(service: MakeService) -> None:
    """SIGSTOP and SIGCONT: the connection waits, and nothing is lost."""
    async with (
        service("echoing") as driver,
        driver.started({}, ports=("PORT",), ready=accepts("PORT")) as instance,
    ):
        client = await instance.connect("PORT")
        instance.pause()
        await client.send(b"still there\n")
        assert states(instance.pids()) == {"T"}
        instance.resume()

        assert await client.line() == b"STILL THERE"


def states(pids: list[int]) -> set[str]:
    """The states of processes, as in ps."""
    return {Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] for pid in pids}


async def test_it_stops_when_it_is_asked_to(service: MakeService) -> None:
    """SIGTERM, exit code 0, nothing left: how long it took is told."""
    async with service("healthy") as driver, driver.started({}, ports=("PORT",), ready=READY) as instance:
        stopping = await instance.stop()

        assert stopping.outcome.ending.code == 0
        assert 0 <= stopping.seconds < 10
        assert not instance.running


async def test_one_that_ignores_sigterm_fails(service: MakeService) -> None:
    """It is killed when its grace is over, and the report says how long that was."""
    async with service("deaf") as driver:
        with pytest.raises(Failure) as raised:
            async with driver.started({}, ports=("PORT",), ready=READY) as instance:
                await instance.stop(0.3)

        assert raised.value.subject == "how the program stopped"
        assert comparison(raised.value).received == "still running after 0.3 s"


async def test_a_process_left_behind_is_named(service: MakeService) -> None:
    """The one that was started has ended in order, but not what it started."""
    async with service("leaving") as driver:
        with pytest.raises(Failure) as raised:
            async with driver.started({}, ports=("PORT",), ready=READY) as instance:
                await instance.stop()

        assert "time.sleep(600)" in comparison(raised.value).received


async def test_a_chatty_one_is_shown_by_its_last_lines(service: MakeService) -> None:
    """What a service writes neither stops it nor fills the report; the run folder gets all of it."""
    async with service("chatty") as driver:
        instance = await driver.start({}, ports=("PORT",), ready=READY)
        (output,) = instance.last_lines()

    logs = {trace.name: trace.data for trace in driver.traces()}
    assert len(output.lines) == 32
    assert output.lines[-1].startswith("line 39999 ")
    assert logs["1.stderr"].startswith(b"line 0 ")
    assert logs["1.stderr"].count(b"\n") == 40_000


async def test_absurd_output_ends_it(service: MakeService) -> None:
    """A disk that runs full would harm more than a check."""
    async with service("flooding") as driver:
        with pytest.raises(Failure) as raised:
            async with driver.started({}, ports=("PORT",), ready=READY, ready_s=60, output=MIB):
                pass

        assert comparison(raised.value).received.startswith("stopped by the judge: more than 1 MiB of output")


async def test_folders_are_empty_apart_and_gone_afterwards(service: MakeService) -> None:
    """Each call gives another one; at the end of the check none is left, whatever lies in them."""
    async with service("healthy") as driver:
        first, second = driver.folder(), driver.folder()
        (first / "locked").mkdir()
        (first / "locked" / "file").write_bytes(b"12345")
        (first / "locked").chmod(0)
        assert list(second.iterdir()) == []

    assert first != second
    assert not first.exists()
    assert not second.exists()


async def test_what_lay_in_the_folders_is_listed(service: MakeService) -> None:
    """The files themselves go; their names and sizes are kept."""
    async with service("counting") as driver:
        await driver.start({"DATA_DIR": driver.folder()}, ports=("PORT",), ready=READY)

    listing = next(trace.data.decode() for trace in driver.traces() if trace.name == "files")
    assert listing.split() == ["1", "data/starts"]


async def test_the_last_life_is_evidence(service: MakeService) -> None:
    """How it was started, with the contract's variables alone, and how it ended."""
    async with service("counting") as driver:
        folder = driver.folder()
        instance = await driver.start({"DATA_DIR": folder}, ports=("PORT",), ready=READY)
        await instance.kill()
        await instance.start()
        port = instance.ports["PORT"]

    lifetime = next(piece for piece in driver.evidence(()) if isinstance(piece, Lifetime))
    assert lifetime.number == 2
    assert lifetime.env == (("PORT", str(port)), ("DATA_DIR", str(folder)))
    assert lifetime.folders == (str(folder),)
    assert lifetime.ready is not None


async def test_a_signal_from_outside_is_told_apart_from_a_crash(service: MakeService) -> None:
    """SIGKILL that the judge did not send most often comes from the kernel."""
    async with service("healthy") as driver:
        instance = await driver.start({}, ports=("PORT",), ready=READY)
        os.kill(instance.pid, signal.SIGKILL)
        await wait_for_end(instance)

        with pytest.raises(Failure) as raised:
            instance.demand_alive()

        assert comparison(raised.value).received.startswith("killed by SIGKILL")
        assert "out of memory" in comparison(raised.value).why


async def wait_for_end(instance: Instance) -> None:
    """Until the judge knows of it, ten seconds at most."""
    for _ in range(200):
        if instance.lives[-1].outcome is not None:
            return
        await asyncio.sleep(0.05)


async def test_many_instances_run_side_by_side(service: MakeService) -> None:
    """Each has ports of its own, and a failure of the check ends all of them."""
    async with service("healthy") as driver:
        instances = await asyncio.gather(*(driver.start({}, ports=("PORT",), ready=READY) for _ in range(3)))

        assert len({instance.ports["PORT"] for instance in instances}) == 3
        assert sorted(instance.number for instance in instances) == [1, 2, 3]
