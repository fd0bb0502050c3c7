"""Our scanner against nmap and masscan: ``python benchmarks/scanner.py [--rounds N] [--quick] [--json]``.

Each side is a whole process, started as a user starts it. Listeners are opened before, and a run counts only if it
found exactly them (masscan is forgiven what it missed). With root everything happens in network namespaces made for the purpose, so what else listens on
this machine does not matter and nothing leaves it; without root only the connect scans run, on plain loopback.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import namespaces
import race

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Found = set[tuple[str, int]]

OURS = [sys.executable, "-m", "climb.systems.scanner", "--no-probe"]
NMAP = ["nmap", "-n", "-Pn", "-T5", "-oG", "-"]
MASSCAN_WAIT_S = 1  # the shortest after which it has always seen the last answers; 10 is its default

LOOPBACK = "127.0.0.1"
LOOPBACK_PORTS = (21022, 31337, 61080)
NET = "127.31.7.0/24"
NET_PORTS = (21022, 21080, 21443)
NET_OPEN = {("127.31.7.1", 21022), ("127.31.7.1", 21443), ("127.31.7.99", 21080), ("127.31.7.254", 21443)}

NEAR = "10.77.0.1/16"  # inside the namespaces only
FAR = [f"10.77.1.{host}" for host in range(1, 9)]
FAR_PORTS = (22, 8080, 65535)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the races that this machine allows and print what came out."""
    options = _options(arguments)
    results, skipped = [], []
    print(_heading(), file=sys.stderr if options.json else sys.stdout, flush=True)
    with race.environment() as (folder, variables):
        for group in (loopback_races, cable_races):
            with ExitStack() as stage:
                prefix, contests, missed = group(stage, quick=options.quick)
                skipped += missed
                launcher = stage.enter_context(race.Launcher(folder, variables, prefix)) if contests else None
                for contest in contests:
                    if launcher is None or not re.search(options.only, contest.title):
                        continue
                    try:
                        results.append(race.run(contest, options.rounds, launcher))
                    except race.WrongAnswerError as error:
                        skipped.append(f"{contest.title}: not counted, {error}")
                        continue
                    if not options.json:
                        print(race.report(results[-1]), flush=True)
    if options.json:
        races = [race.as_data(result) for result in results]
        print(json.dumps({"machine": race.machine(), "races": races, "skipped": skipped}))
    else:
        print("\n".join(f"skipped: {reason}" for reason in skipped))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Our scanner against nmap and masscan.")
    parser.add_argument("--rounds", type=int, default=7, help="pairs per race (default: 7)")
    parser.add_argument("--quick", action="store_true", help="three pairs, and fewer hosts on the cable")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of text")
    parser.add_argument("--only", default="", metavar="REGEX", help="only races whose title matches")
    options = parser.parse_args(arguments)
    if options.quick:
        options.rounds = min(options.rounds, 3)
    return options


def _heading() -> str:
    tools = [race.version([tool, "--version"]) for tool in ("nmap", "masscan") if shutil.which(tool)]
    return "\n".join([race.machine(), *tools, "ratio: theirs / ours of each pair; above 1 we are faster", ""])


# --- the races ------------------------------------------------------------------------------------------------------


Group = tuple[list[str], list[race.Race], list[str]]  # how to enter the place, what runs there, what does not and why


def loopback_races(stage: ExitStack, *, quick: bool) -> Group:
    """Connect and SYN scans of all ports of one address, and of three ports of a network, against nmap."""
    _ = quick
    if shutil.which("nmap") is None:
        return [], [], ["the races on loopback: nmap is missing"]
    reason = namespaces.why_not()
    prefix = [] if reason else namespaces.inside(stage.enter_context(namespaces.namespace("loopback")))
    ports: Found = {(LOOPBACK, port) for port in LOOPBACK_PORTS}
    stage.enter_context(namespaces.listening([f"{host}:{port}" for host, port in sorted(ports | NET_OPEN)], prefix))
    listed = ",".join(map(str, NET_PORTS))
    races, skipped = [], []
    for kind, flags, technique in (("connect", [], "-sT"), ("SYN", ["--syn"], "-sS")):
        if reason and flags:
            skipped.append(f"the SYN races on loopback: {reason}")
            continue
        for load, found, our_words, their_words in (
            ("65,535 ports", ports, ["--ports", "1-65535", LOOPBACK], ["-p-", LOOPBACK]),
            ("256 hosts × 3 ports", NET_OPEN, ["--ports", listed, NET], ["-p", listed, NET]),
        ):
            ours = _ours([*flags, *our_words], found, exact=not reason)
            theirs = race.Side("nmap", [*NMAP, technique, *their_words], _finds(_from_nmap, found, exact=not reason))
            races.append(race.Race(f"{kind} scan, {load} on loopback", ours, theirs))
    return prefix, races, skipped


def cable_races(stage: ExitStack, *, quick: bool) -> Group:
    """SYN scans through a cable of two virtual Ethernet devices, against masscan and nmap."""
    reason = namespaces.why_not()
    if reason:
        return [], [], [f"the races between two namespaces: {reason}"]
    hosts = FAR[:2] if quick else FAR
    near, far, hardware_address = stage.enter_context(namespaces.veth(NEAR, [f"{host}/16" for host in hosts]))
    words = ["--heartbeat", NEAR.partition("/")[0], *(f"0.0.0.0:{port}" for port in FAR_PORTS)]
    stage.enter_context(namespaces.listening(words, namespaces.inside(far)))
    found = {(host, port) for host in hosts for port in FAR_PORTS}
    first, last = hosts[0], hosts[-1].rpartition(".")[2]
    load = f"{len(hosts)} hosts × 65,535 ports between namespaces"
    ours = _ours(["--syn", "--ports", "1-65535", f"{first}-{last}"], found, exact=True)
    races, skipped = [], []
    if shutil.which("masscan"):
        races.append(
            race.Race(f"SYN scan, {load}, masscan", ours, _masscan(hosts, hardware_address, found), [MASSCAN_NOTE])
        )
    else:
        skipped.append("the race against masscan: masscan is missing")
    if shutil.which("nmap"):
        command = [*NMAP, "-sS", "-p-", f"{first}-{last}"]
        races.append(
            race.Race(
                f"SYN scan, {load}, nmap", ours, race.Side("nmap", command, _finds(_from_nmap, found, exact=True))
            )
        )
    else:
        skipped.append("the race against nmap between namespaces: nmap is missing")
    return namespaces.inside(near), races, skipped


MASSCAN_NOTE = (
    f"masscan ran with --rate 10000000 --wait {MASSCAN_WAIT_S}: it always sleeps that long at the end, ours ends when all"
    " ports have answered. It sends each probe once; its runs count even when it missed some ports, ours only without a miss"
)


def _ours(words: list[str], found: Found, *, exact: bool) -> race.Side:
    return race.Side("ours", [*OURS, *words], _finds(_from_ours, found, exact=exact))


def _masscan(hosts: list[str], hardware_address: str, found: Found) -> race.Side:
    command = ["masscan", f"{hosts[0]}-{hosts[-1]}", "-p1-65535", "--rate", "10000000", "--wait", str(MASSCAN_WAIT_S)]
    command += ["--interface", "near", "--router-mac", hardware_address]
    return race.Side("masscan", command, _finds_some(found), fixed_wait_s=MASSCAN_WAIT_S)


def _finds_some(expected: Found) -> Callable[[str], None]:
    """Return a check that forgives what was missed: masscan asks once and loses answers when it asks fast."""

    def check(output: str) -> None:
        found = _from_masscan(output)
        print(f"masscan found {len(found)} of {len(expected)}", file=sys.stderr)
        if not found or found - expected:
            raise race.WrongAnswerError(f"invented {sorted(found - expected)[:5]}")

    return check


# --- what each side found -------------------------------------------------------------------------------------------


def _finds(parse: Callable[[str], Found], expected: Found, *, exact: bool) -> Callable[[str], None]:
    def check(output: str) -> None:
        found = parse(output)
        missed, invented = expected - found, found - expected if exact else set()
        if missed or invented:
            raise race.WrongAnswerError(f"missed {sorted(missed)[:5]}, invented {sorted(invented)[:5]}")

    return check


def _from_ours(output: str) -> Found:
    lines = [json.loads(line) for line in output.splitlines()]
    return {(line["host"], line["port"]) for line in lines if line.get("state") == "open"}


def _from_nmap(output: str) -> Found:
    found = set()
    for host, ports in re.findall(r"^Host: (\S+) .*?\tPorts: ([^\t\n]*)", output, re.MULTILINE):
        found |= {(host, int(port)) for port in re.findall(r"(\d+)/open/", ports)}
    return found


def _from_masscan(output: str) -> Found:
    return {(host, int(port)) for port, host in re.findall(r"open port (\d+)/tcp on (\S+)", output)}


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # everything made has been removed on the way here
        sys.exit(130)
