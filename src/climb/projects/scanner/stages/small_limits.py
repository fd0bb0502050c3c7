"""Stage 9: small limits: few file descriptors, wrong usage, an impatient user."""

from __future__ import annotations

from climb.judge.expect import CannotTell, expect, within
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.judge.world.scripts import hold
from climb.projects.scanner.report import Report, Scanner, spans

__all__ = ["small_limits"]

small_limits = Stage(
    "small-limits",
    "Small limits",
    concepts=["file-descriptors", "signals", "exit-codes"],
    hints=[
        "What does socket() answer when a process has too many files open, and what does your program make of that answer?",
        "EMFILE says nothing about the port. Put the port back, wait until one of your sockets is closed, and go on with fewer at a time.",
        "Check every argument before the first connection, and write to standard error only. For SIGINT install a handler that stops starting "
        "connections, prints the summary of what is done, and exits with 130.",
    ],
)

_FILES = 64


@small_limits.check
async def few_file_descriptors(scanner: Scanner, world: World) -> None:
    """With 64 file descriptors and --concurrency 1000 every open port is found, and no other is called open."""
    servers = [await world.listener(hold()) for _ in range(world.draw.integer(90, 150))]
    closed = world.closed(20)
    ports = {server.port for server in servers}

    report = await scanner(
        world.host,
        "--ports",
        spans([*ports, *closed]),
        "--concurrency",
        1000,
        "--timeout",
        0.5,
        open_files=_FILES,
        seconds=60,
    )

    expect(report.open_ports, "open ports").equals(
        ports,
        why=f"The program may have {_FILES} files open. EMFILE means: wait for a socket to be closed, then try that port again. "
        "A port is never closed because you ran out.",
        saw=world.seen,
    )
    expect(report.summary, "the summary").equals(
        {"open": len(ports), "closed": len(closed), "filtered": 0}, why="Each port has been decided by its own answer."
    )


@small_limits.check
async def wrong_usage_is_refused(scanner: Scanner, world: World) -> None:
    """Wrong usage ends with exit code 2, a message on standard error, and nothing on standard output."""
    address = world.address()
    for words, wrong in _wrong_commands(address):
        call = await scanner.command(*words, exit_code=None)
        shown = " ".join(words) or "(no arguments)"
        expect(call.outcome.ending.code, f"exit code of: {shown}").equals(
            2, why=f"{wrong}. Scripts see by exit code 2 that nothing was scanned."
        )
        expect(call.stdout, f"standard output of: {shown}").equals(
            "", why="Whoever reads standard output expects results. Messages go to standard error."
        )
        expect(call.stderr.strip(), f"standard error of: {shown}").satisfies(
            bool, expected="a message that says what is wrong", why=f"{wrong}, and the user has to learn that from you."
        )


@small_limits.check
async def an_interrupt_ends_with_what_is_known(scanner: Scanner, world: World) -> None:
    """On SIGINT the program prints what it has and the summary of what was done so far, and exits with 130."""
    server = await world.listener()
    silent = await world.silent(3)
    ports = spans([server.port, *silent.ports])

    # How soon it ends is the next check's claim: here it may wait out a banner, HTTP and TLS, one timeout each.
    async with scanner.started(world.host, "--ports", ports, "--timeout", 20, "--concurrency", 4, seconds=75) as scan:
        tried = await scanner.command.until(
            lambda: server.seen.connections > 0 and bool(silent.sample()), deadline_s=15
        )
        if not tried:
            raise CannotTell("the program did not begin to connect within 15 s, so there was nothing to interrupt")
        # It may still wait for the open server's banner; its line comes at the latest with the interrupt.
        scan.interrupt()
        call = await scan.wait(exit_code=130)

    report = Report(call)
    expect(report.open_ports, "open ports").equals(
        {server.port}, why="That server had accepted before the interrupt. What is known is printed."
    )
    done = report.summary.get("open", 0) + report.summary.get("closed", 0) + report.summary.get("filtered", 0)
    expect(done, "open + closed + filtered in the summary").at_most(
        1,
        why=f"Ports {', '.join(map(str, silent.ports))} had not answered when the interrupt came, and their timeout of 20 s was not over: nothing is known of them.",
    )


@small_limits.check
async def an_interrupt_is_obeyed_at_once(scanner: Scanner, world: World) -> None:
    """After SIGINT the program ends without waiting for timeouts."""
    silent = await world.silent(3)
    timeout = 12
    async with scanner.started(
        silent.address, "--ports", spans(list(silent.ports)), "--timeout", timeout, "--concurrency", 3
    ) as scan:
        if not await scanner.command.until(lambda: bool(silent.sample()), deadline_s=15):
            raise CannotTell("the program did not begin to connect within 15 s, so there was nothing to interrupt")
        sent = scan.interrupt()
        await scan.wait(exit_code=130)
        took = scan.ended_at - sent

    within(
        took,
        timeout / 3,
        "the time from SIGINT to the end",
        unit="s",
        calibration=f"a third of the timeout of {timeout} s that the pending connections would have taken",
        why="Who presses Ctrl-C has decided. Waits must be interruptible.",
    )


def _wrong_commands(address: str) -> list[tuple[list[str], str]]:
    return [
        ([], "No target was given"),
        ([address, "--ports", "0"], "Port 0 can't be connected to"),
        ([address, "--ports", "65536"], "Ports end at 65535"),
        ([address, "--ports", "90-80"], "The range runs backwards"),
        ([address, "--ports", "80,,81"], "The list has an empty part"),
        ([address, "--ports", "http"], "A port is a number"),
        ([address, "--timeout", "0"], "No connection can live for 0 seconds"),
        ([address, "--concurrency", "0"], "Without a connection nothing can be scanned"),
        ([address, "--no-such-option"], "There is no such option"),
        ([f"{address}/33"], "An IPv4 address has 32 bits"),
        (["127.0.0.300"], "A part of an IPv4 address is at most 255"),
        ([f"{address}-0"], "The range of last octets runs backwards"),
    ]
