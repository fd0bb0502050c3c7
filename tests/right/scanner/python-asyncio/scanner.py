"""A network scanner on asyncio. Workers take ports one by one; none has more than one connection at a time."""

import asyncio
import collections
import contextlib
import ipaddress
import itertools
import json
import math
import re
import socket
import sys
import time

from certificate import describe
from connection import Clock, Shortage, connect, secure
from http_answer import ask, read_answer

DEFAULT_PORTS = "80,443,8000,8008,8080,8081,8443,8888"
BANNER_LIMIT = 200
SILENCE = 0.3  # the part of a connection's life in which the server may speak first


class UsageError(Exception):
    pass


class Options:
    def __init__(self, words):
        self.targets, self.all = [], False
        values = {"--ports": DEFAULT_PORTS, "--timeout": "1", "--concurrency": "100", "--rate": None}
        words = iter(words)
        for word in words:
            if word == "--all":
                self.all = True
            elif word in values:
                values[word] = next(words, "")
            elif word.startswith("-"):
                raise UsageError(f"unknown option {word}")
            else:
                self.targets.append(word)
        if not self.targets:
            raise UsageError("no target")
        self.ports = parse_ports(values["--ports"])
        self.timeout = parse_seconds(values["--timeout"])
        self.concurrency = parse_count(values["--concurrency"])
        self.rate = None if values["--rate"] is None else parse_count(values["--rate"])


def parse_ports(text):
    ports = {}  # a dict keeps the order and drops what comes twice
    for part in text.split(","):
        first, _, last = part.partition("-")
        span = range(parse_port(first), parse_port(last if "-" in part else first) + 1)
        if not span:
            raise UsageError(f"the range {part} runs backwards")
        ports.update(dict.fromkeys(span))
    return list(ports)


def parse_port(text):
    # int() alone would also take " 80", "+80", "8_0" and digits of other scripts.
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise UsageError(f"{text!r} is not a port")
    return int(text)


def parse_seconds(text):
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:  # false for nan, too
        raise UsageError(f"{text!r} is not a number of seconds above 0")
    return seconds


def parse_count(text):
    if not re.fullmatch("[0-9]{1,18}", text) or int(text) == 0:
        raise UsageError(f"{text!r} is not a whole number above 0")
    return int(text)


class Block:
    """A run of addresses, both ends included: never spelled out, since a /8 has 16 million."""

    def __init__(self, first, last, name=None):
        self.first, self.last, self.name = first, last, name

    def __contains__(self, address):
        return address.version == self.first.version and self.first <= address <= self.last

    def __iter__(self):
        kind = type(self.first)
        return (kind(number) for number in range(int(self.first), int(self.last) + 1))


def parse_target(word):
    if "%" not in word:
        with contextlib.suppress(ValueError):
            address = ipaddress.ip_address(word)
            return Block(address, address)
    if "/" in word:
        return parse_cidr(word)
    start, dash, end = word.partition("-")
    with contextlib.suppress(ValueError):
        first = ipaddress.IPv4Address(start)
        if dash:
            return parse_range(word, first, end)
    return resolve(word)


def parse_cidr(word):
    try:
        if not re.search("/[0-9]+$", word):  # ip_network would take /255.255.255.0
            raise ValueError
        network = ipaddress.ip_network(word, strict=False)
    except ValueError:
        raise UsageError(f"{word!r} is not a CIDR block") from None
    return Block(network[0], network[-1])


def parse_range(word, first, end):
    base = int(first) & ~255
    if not re.fullmatch("[0-9]{1,3}", end) or not int(first) - base <= int(end) <= 255:
        raise UsageError(f"{word!r} is not a range of addresses")
    return Block(first, ipaddress.IPv4Address(base + int(end)))


def resolve(name):
    # Resolvers take 127.1 for an address. The contract does not, and 192.0.2.256 is no name to ask about.
    if not name.strip("0123456789.-"):
        raise UsageError(f"{name!r} is neither an address nor a name")
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        address = ipaddress.ip_address(found[0][4][0])
    except (OSError, ValueError):  # ValueError: a word that cannot even be asked about
        raise UsageError(f"{name!r} does not resolve") from None
    return Block(address, address, name)


def hosts(blocks):
    """Each host once, as (address, what to call it), under the first target that names it."""
    for index, block in enumerate(blocks):
        for address in block:
            if not any(address in earlier for earlier in blocks[:index]):
                yield str(address), block.name


class Report:
    """Prints results as they come, so that an interrupt loses nothing."""

    def __init__(self, show_all):
        self.show_all = show_all
        self.start = time.monotonic()
        self.hosts = set()
        self.counts = collections.Counter()
        self.probing = {}  # open, but what is there is not known yet

    def add(self, result):
        self.probing.pop((result["host"], result["port"]), None)
        self.hosts.add(result["host"])
        self.counts[result["state"]] += 1
        if self.show_all or result["state"] == "open":
            self.print(result)

    def finish(self):
        for result in list(self.probing.values()):
            self.add(result)
        states = {state: self.counts[state] for state in ("open", "closed", "filtered")}
        totals = {"hosts": len(self.hosts), "ports": sum(states.values()), **states}
        self.print({"summary": {**totals, "elapsed_s": round(time.monotonic() - self.start, 6)}})

    def print(self, line):
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stdout.flush()


class Scanner:
    def __init__(self, options, blocks, report):
        self.options = options
        self.report = report
        self.clock = Clock(options.timeout, options.rate)
        self.jobs = ((address, name, port) for address, name in hosts(blocks) for port in options.ports)
        self.returned = []
        self.workers = 0

    async def run(self):
        async with asyncio.TaskGroup() as group:
            # A worker is born for each of the first jobs: a high limit costs nothing in a small scan.
            for job in itertools.islice(self.jobs, self.options.concurrency):
                self.workers += 1
                group.create_task(self.work(job))
                await asyncio.sleep(0)

    async def work(self, job):
        while job:
            try:
                self.report.add(await self.scan(*job))
            except Shortage:
                self.returned.append(job)
                if self.workers > 1:
                    break  # the system has no socket for this worker: go on with fewer
                await asyncio.sleep(0.02)  # never with none
            job = self.returned.pop() if self.returned else next(self.jobs, None)
        self.workers -= 1

    async def scan(self, address, name, port):
        result = dict.fromkeys(("host", "port", "state", "rtt_ms", "service", "banner", "http", "tls"))
        result.update(host=name or address, port=port)
        connection, result["state"], rtt = await connect(address, port, self.clock)
        if result["state"] != "filtered":
            result["rtt_ms"] = round(rtt * 1000, 3)
        if result["state"] == "open":
            self.report.probing[result["host"], port] = result
            await self.probe(result, connection, address, name)
        return result

    async def probe(self, result, connection, address, name):
        if connection:
            async with connection:
                await talk(result, connection)
        # Web servers tell those who speak HTTP to their TLS port so with a 400, in plain HTTP.
        if result["banner"] is None and (result["http"] is None or result["http"]["status"] == 400):
            connection = await self.connect_again(address, result["port"])
            if connection:
                async with connection:
                    await talk_tls(result, connection, name)

    async def connect_again(self, address, port):
        while True:
            with contextlib.suppress(Shortage):
                return (await connect(address, port, self.clock))[0]
            await asyncio.sleep(0.02)


async def talk(result, connection):
    """Lets the server speak first; if it does not, asks for its front page."""
    try:
        heard = await connection.receive(SILENCE)
    except TimeoutError:
        result["http"] = await ask(connection, result["host"], result["port"])
    except OSError:
        return
    else:
        if heard.startswith(b"HTTP/"):  # a web server that did not wait for the question
            result["http"] = await read_answer(connection, heard)
        elif heard:
            result["banner"] = await read_banner(connection, heard)
    if result["http"]:
        result["service"] = "http"
    elif (result["banner"] or "").startswith("SSH-"):
        result["service"] = "ssh"


async def read_banner(connection, heard):
    with contextlib.suppress(OSError):
        while b"\n" not in heard and len(heard) < 4 * BANNER_LIMIT:  # UTF-8 takes up to 4 bytes a character
            more = await connection.receive()
            if not more:
                break
            heard += more
    return heard.partition(b"\n")[0].removesuffix(b"\r").decode(errors="replace")[:BANNER_LIMIT]


async def talk_tls(result, connection, name):
    try:
        channel = await secure(connection, name)
    except (OSError, ValueError):
        return
    alpn = channel.object.selected_alpn_protocol()
    certificate = describe(channel.object.getpeercert(binary_form=True))
    result["tls"] = {"version": channel.object.version(), **certificate, "alpn": alpn}
    # What a TLS port said in plain HTTP was a complaint.
    result["http"] = None if alpn == "h2" else await ask(channel, result["host"], result["port"])
    result["service"] = "https" if alpn or result["http"] else None


def main():
    sys.stdout.reconfigure(encoding="utf-8")
    try:
        options = Options(sys.argv[1:])
        blocks = [parse_target(word) for word in options.targets]
    except UsageError as error:
        print(f"scanner: {error}", file=sys.stderr)
        return 2
    report = Report(options.all)
    try:
        asyncio.run(Scanner(options, blocks, report).run())
        code = 0
    except KeyboardInterrupt:  # asyncio.run has cancelled every task by then, and that closed their connections
        code = 130
    report.finish()
    return code


if __name__ == "__main__":
    sys.exit(main())
