"""Stage 3: targets: blocks, ranges, names, IPv6."""

from __future__ import annotations

from collections import Counter

from climb.errors import SetupError
from climb.judge.expect import expect
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.judge.world.scripts import page
from climb.projects.scanner.report import Scanner

__all__ = ["targets"]

targets = Stage(
    "targets",
    "Targets",
    concepts=["ip-addresses", "dns"],
    hints=[
        "An IPv4 address is a number of 32 bits. What does 192.0.2.0/29 say about such a number?",
        "A block /29 leaves 32 - 29 = 3 bits free, so it has 8 addresses; clear those bits in the given address to get the first. "
        "A last-octet range 192.0.2.1-20 counts in the last part only.",
        "Resolve names with the system's resolver (getaddrinfo) and take the first address, of whichever family. IPv6 addresses need an "
        "AF_INET6 socket. Print them in their short form. Expand everything to addresses first, then drop repetitions.",
    ],
)


@targets.check
async def a_block_is_all_its_addresses(scanner: Scanner, world: World) -> None:
    """Every address of a CIDR block is scanned, the first and the last included."""
    block = world.block(world.draw.choice([30, 29, 28]))
    port = (await world.listener(page("hello"), address=str(block[0]))).port
    await world.listener(page("hello"), address=str(block[-1]), port=port)

    report = await scanner(str(block), "--ports", port, "--all")

    expect(report.hosts, "hosts with a line").equals(
        set(map(str, block)), why=f"{block} leaves {32 - block.prefixlen} bits free: {block.num_addresses} addresses."
    )
    expect(report.open_pairs, "hosts and open ports").equals(
        {f"{block[0]} {port}", f"{block[-1]} {port}"},
        why="Servers listen on the first and on the last address of the block.",
    )


@targets.check
async def a_block_named_by_a_member(scanner: Scanner, world: World) -> None:
    """A CIDR block may be named by any of its addresses, not only by the first."""
    block = world.block(29)
    member = block[world.draw.integer(2, 6)]
    ends = {str(block[0]), str(block[-1])}  # whether these two belong to it is the claim of another check
    (port,) = world.closed(1)

    report = await scanner(f"{member}/29", "--ports", port, "--all")

    expect(report.hosts - ends, "hosts with a line, without the block's first and last").equals(
        set(map(str, block)) - ends,
        why=f"{member}/29 is the block of eight addresses that holds {member}, from {block[0]} to {block[-1]}: "
        "the last three bits do not count.",
    )


@targets.check
async def a_range_of_last_octets(scanner: Scanner, world: World) -> None:
    """A last-octet range means each address from its first to its last."""
    block = world.block(24)
    first = world.draw.integer(1, 200)
    last = first + world.draw.integer(1, 9)
    port = (await world.listener(page("hello"), address=str(block[last]))).port

    report = await scanner(f"{block[first]}-{last}", "--ports", port, "--all")

    expect(report.hosts, "hosts with a line").equals(
        {str(block[octet]) for octet in range(first, last + 1)},
        why=f"{block[first]}-{last} counts from {first} to {last}, both included.",
    )


@targets.check
async def a_name_keeps_its_name(scanner: Scanner, world: World) -> None:
    """A host name is resolved and scanned, and its lines carry the name as it was given."""
    server = await world.listener(page("hello"), address="127.0.0.1")
    if world.has_ipv6:
        await world.listener(page("hello"), address="::1", port=server.port)  # localhost may mean either

    report = await scanner("localhost", "--ports", server.port)

    expect(report.open_pairs, "hosts and open ports").equals(
        {f"localhost {server.port}"},
        why="localhost is this machine, where that port listens. Who asked for a name looks for the name.",
    )


@targets.check
async def ipv6_in_its_short_form(scanner: Scanner, world: World) -> None:
    """An IPv6 address, however it is written, is scanned and printed in its short form."""
    if not world.has_ipv6:
        raise SetupError("this machine has no IPv6 on its loopback interface (::1), so IPv6 can't be judged here")
    server = await world.listener(page("hello"), address="::1")
    written = world.draw.choice(["::1", "0:0:0:0:0:0:0:1", "::0001"])

    report = await scanner(written, "--ports", server.port)

    expect(report.open_pairs, "hosts and open ports").equals(
        {f"::1 {server.port}"},
        why=f"{written} is the loopback address of IPv6, where that port listens; RFC 5952 writes it ::1.",
    )


@targets.check
async def several_targets_each_once(scanner: Scanner, world: World) -> None:
    """Several targets may overlap and options may stand between them; each address is scanned once."""
    block = world.block(29)
    twice = str(block[world.draw.integer(1, 6)])
    other = world.address()
    (port,) = world.closed(1)

    report = await scanner(str(block), "--ports", port, twice, "--all", other)

    expect({twice, other} & report.hosts, "targets after an option that have a line").equals(
        {twice, other}, why="Options may stand before, between or after the targets, and each target counts."
    )
    repeated = [pair for pair, count in Counter(report.pairs).items() if count > 1]
    expect(repeated, "hosts and ports with more than one line").satisfies(
        lambda pairs: not pairs, expected="none", why=f"{twice} is a member of {block}: named twice, scanned once."
    )
    expect(report.summary.get("hosts"), "hosts in the summary").equals(
        len(report.hosts), why="The summary counts hosts, not how often they were named."
    )
