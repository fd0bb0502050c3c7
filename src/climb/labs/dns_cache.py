"""Looking names up: asked each time, or kept by a cache that obeys the TTL; and how long that is wrong after a change."""

from __future__ import annotations

import itertools
import random
import select
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from multiprocessing.connection import Connection
from typing import Self

from climb.labs.bench import Bench, received
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.loopback import fresh_address
from climb.labs.plot import Axis, Bar, BarPlot, Mark, Strip, StripPlot
from climb.labs.result import Result
from climb.labs.statistics import Estimate, median, median_estimate, quantile, ratio_estimate
from climb.labs.words import number

__all__ = ["Cache", "Stub", "answer_to", "lab", "query_for", "records_in"]

_ASKED = "asked each time, mean of a round"
_CACHED = "with a cache, mean of a round"
_HIT = "answered from the cache"
_HIT_RATE = "lookups that the cache answered"
_STALE = "old address after the change"
_LOCALHOST = 'getaddrinfo("localhost")'
_SEED = "seed of the draws"

_ROUNDS = 12
_PER_ROUND = 50
_ASKED_EVERY = 5  # this many lookups with the cache to one without: that one costs the same for every name
_EVERY_S = 0.008
_POLL_S = 0.002
_MOVING = 40  # names whose address is watched as it changes
_DEADLINE_S = 2.0

_HEADER = struct.Struct("!6H")  # RFC 1035, section 4.1.1: id, flags, and the lengths of four sections
_QUESTION_END = struct.Struct("!2H")  # section 4.1.2: type and class, after the name
_RECORD = struct.Struct("!3HIH4s")  # section 4.1.3: pointer to the name, type, class, TTL, length, address
_A, _IN = 1, 1
_TO_QUESTION = 0xC00C  # section 4.1.4: "the name at offset 12", which is the question's
_ANSWER_FLAGS = 0x8400  # QR: an answer; AA: from an authority
_OLD, _NEW = bytes((192, 0, 2, 1)), bytes((198, 51, 100, 1))  # RFC 5737: addresses that belong to nobody

Record = tuple[bytes, int]  # an address and its TTL in seconds

lab = Lab(
    title="What a DNS cache saves, and what it owes",
    question="How much does a DNS cache save, and for how long does it serve an address that is no longer right?",
    about=(
        "A name server of ours on a loopback address answers A queries over UDP (RFC 1035). It sleeps before each "
        "answer: that stands for the distance to a real one. Some 125 times a second a client looks up a name; a "
        "few names are wanted often, most seldom (the n-th with weight 1/n). One resolver asks the server each "
        "time, the other keeps answers for their TTL. Then the addresses of 40 cached names change at the server, "
        "and the client looks until it has seen each new one. The machine's own resolver is not "
        'used, but for one row measured beside: `getaddrinfo("localhost")`.'
    ),
    concepts=("dns", "udp"),
    prediction=Prediction(
        ask="How many times as long does the average lookup take without the cache as with it?",
        unit="×",
    ),
    knobs=(
        Knob("ttl", "how long an answer may be kept, in s", default=1, choices=(1, 2, 4)),
        Knob("names", "names that are looked up", default=100, choices=(30, 100, 1000)),
        Knob("distance", "how long the server sleeps before it answers, in ms", default=5, choices=(1, 5, 20)),
    ),
    seconds=9,
)


@lab.unless
def why_not() -> str | None:
    """Other systems have no more than 127.0.0.1 without being told."""
    return None if sys.platform == "linux" else "it binds addresses that only Linux has on loopback"


def query_for(name: str, number_: int) -> bytes:
    """The message that asks for a name's A records (RFC 1035, section 4.1); recursion is not desired."""
    labels = b"".join(bytes((len(label),)) + label.encode("ascii") for label in name.split("."))
    return _HEADER.pack(number_, 0, 1, 0, 0, 0) + labels + b"\0" + _QUESTION_END.pack(_A, _IN)


def answer_to(query: bytes, record: Record) -> bytes:
    """The answer to a query of ours: its question again, and one A record."""
    identifier = _HEADER.unpack_from(query)[0]
    address, ttl = record
    header = _HEADER.pack(identifier, _ANSWER_FLAGS, 1, 1, 0, 0)
    return header + query[_HEADER.size :] + _RECORD.pack(_TO_QUESTION, _A, _IN, ttl, len(address), address)


def records_in(message: bytes, query: bytes) -> list[Record]:
    """The A records of an answer to ``query``; none if it answers something else, as a forged or belated message may.

    It reads answers in the shape that ``answer_to`` gives them, not all that RFC 1035 allows.
    """
    end = len(query)
    if len(message) < end or message[_HEADER.size : end] != query[_HEADER.size :]:
        return []
    identifier, flags, _, answers, _, _ = _HEADER.unpack_from(message)
    if (identifier, flags) != (_HEADER.unpack_from(query)[0], _ANSWER_FLAGS) or len(
        message
    ) != end + answers * _RECORD.size:
        return []
    found = (_RECORD.unpack_from(message, end + each * _RECORD.size) for each in range(answers))
    return [(address, ttl) for _, kind, _, ttl, _, address in found if kind == _A]


class Stub:
    """A resolver that asks its server every time."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(_DEADLINE_S)
        self._socket.connect(server)  # from now on the kernel drops what others send

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def lookup(self, name: str) -> Record:
        """The name's address and TTL. Raises TimeoutError."""
        query = query_for(name, random.randrange(1 << 16))
        self._socket.send(query)
        while True:
            if records := records_in(self._socket.recv(512), query):
                return records[0]


class Cache:
    """A resolver that keeps what another one found until its TTL has passed."""

    def __init__(self, ask: Callable[[str], Record], now: Callable[[], float] = time.monotonic) -> None:
        self.hits = 0
        self._ask = ask
        self._now = now
        self._kept: dict[str, tuple[bytes, float]] = {}

    def lookup(self, name: str) -> bytes:
        """The name's address, at most its TTL old."""
        kept = self._kept.get(name)
        if kept is not None and self._now() < kept[1]:
            self.hits += 1
            return kept[0]
        address, ttl = self._ask(name)
        self._kept[name] = (address, self._now() + ttl)
        return address


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Look names up with and without the cache, then watch it after a change."""
    ttl, seed = int(knobs["ttl"]), random.randrange(2**31)
    bench.fact(_SEED, str(seed))  # a name, not a quantity
    wanted = _wanted(random.Random(seed), int(knobs["names"]))
    with ExitStack() as stack:
        server = stack.enter_context(bench.process(_serve, ttl, float(knobs["distance"]) / 1000))
        stub = stack.enter_context(Stub(received(server)))
        _look_up(bench, stub, wanted, ttl)
        _watch(bench, stub, server, ttl)
    _ask_the_machine(bench)


def _wanted(chance: random.Random, names: int) -> Iterator[str]:
    """Names without end, the n-th of them with weight 1/n."""
    known = [f"host{place}.lab.example" for place in range(1, names + 1)]
    totals = list(itertools.accumulate(1 / place for place in range(1, names + 1)))
    while True:
        yield from chance.choices(known, cum_weights=totals, k=100)


def _serve(connection: Connection, ttl: int, distance_s: float) -> None:
    """Answer every query after the distance, one at a time: no client of this lab has two under way."""
    address = _OLD
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((fresh_address(), 0))
        connection.send(server.getsockname())
        while True:
            ready = select.select([server.fileno(), connection.fileno()], [], [])[0]
            if connection.fileno() in ready:
                try:
                    connection.recv()
                except EOFError:  # the measurement is over
                    return
                address = _NEW
                connection.send(time.monotonic())
            if server.fileno() in ready:
                query, client = server.recvfrom(512)
                time.sleep(distance_s)
                server.sendto(answer_to(query, (address, ttl)), client)


def _look_up(bench: Bench, stub: Stub, wanted: Iterator[str], ttl: int) -> None:
    cache, steps = Cache(stub.lookup), _steps(_EVERY_S)
    for _ in range(round(ttl / _EVERY_S)):  # until the cache holds what it will hold
        bench.progress(0, "filling the cache")
        next(steps)
        cache.lookup(next(wanted))
    for _ in bench.rounds(_ROUNDS, "looking up", begin=0.1, end=0.7):
        asked, cached, hits = [], [], cache.hits
        for name in itertools.islice(wanted, _PER_ROUND):
            next(steps)
            before = cache.hits
            cached.append(_milliseconds(cache.lookup, name))
            if cache.hits > before:
                bench.record(_HIT, 1000 * cached[-1], unit="µs")
            if len(cached) % _ASKED_EVERY == 0:
                asked.append(_milliseconds(stub.lookup, name))
        bench.record(_ASKED, sum(asked) / len(asked), unit="ms")
        bench.record(_CACHED, sum(cached) / len(cached), unit="ms")
        bench.record(_HIT_RATE, 100 * (cache.hits - hits) / len(cached), unit="%")


def _milliseconds(lookup: Callable[[str], object], name: str) -> float:
    begun = time.perf_counter_ns()
    lookup(name)
    return (time.perf_counter_ns() - begun) / 1e6


def _watch(bench: Bench, stub: Stub, server: Connection, ttl: int) -> None:
    """Fill a cache evenly over one TTL, change the addresses, and look until every new one was seen."""
    cache, steps = Cache(stub.lookup), _steps(ttl / _MOVING)
    waiting = [f"moving{place}.lab.example" for place in range(_MOVING)]
    for name in waiting:
        bench.progress(0.75, "filling another cache")
        next(steps)
        cache.lookup(name)
    server.send("change")
    changed, steps = received(server), _steps(_POLL_S)
    while waiting:
        bench.progress(0.85, "waiting for the new addresses")
        next(steps)
        for name in tuple(waiting):
            if cache.lookup(name) == _NEW:
                bench.record(_STALE, 1000 * (time.monotonic() - changed), unit="ms")
                waiting.remove(name)


def _ask_the_machine(bench: Bench) -> None:
    def lookup(name: str) -> object:
        return socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)

    try:
        lookup("localhost")  # the first call loads the C library's parts for this
        for _ in range(_ROUNDS):
            bench.record(_LOCALHOST, 1000 * _milliseconds(lookup, "localhost"), unit="µs")
    except socket.gaierror as error:
        bench.fact(_LOCALHOST, f"not found: {error}")


def _steps(every_s: float) -> Iterator[None]:
    """Return at even steps of time; whoever is late catches up."""
    due = time.monotonic()
    while True:
        time.sleep(max(due - time.monotonic(), 0))
        yield
        due += every_s


@lab.explain
def explain(result: Result) -> Explanation:
    """What the cache saves on average, why not more, and how long it was wrong."""
    saved = ratio_estimate(result.values(_ASKED), result.values(_CACHED))
    asked, cached = median(result.values(_ASKED)), median(result.values(_CACHED))
    return Explanation(
        answer=saved,
        headline=(
            f"An average lookup took {_time(asked)} without the cache and {_time(cached)} with it, and the cache "
            f"served old addresses for up to {_time(max(result.values(_STALE)))} after a change."
        ),
        text="\n\n".join((_savings(result, saved), _hit_rate(result), _staleness(result), _elsewhere(result))),
        plots=(_lookups(result), _old_addresses(result)),
        trust=(
            "The distance is a sleep of the server, the same for every question: a real one varies, and a recursive "
            "resolver may have to ask several servers, or have the answer in a cache of its own.",
            "How often a name is wanted is drawn with weight 1/n (the seed is stored with the result); your names "
            "may be skewed more or less, and the share of hits with them.",
        ),
    )


def _time(milliseconds: float) -> str:
    return f"{number(milliseconds)} ms" if milliseconds >= 1 else f"{number(1000 * milliseconds)} µs"


def _savings(result: Result, saved: Estimate) -> str:
    asked, hit = median(result.values(_ASKED)), median(result.values(_HIT)) / 1000
    between = f"({number(saved.low)} to {number(saved.high)})"
    if saved.low > 1:
        compared = f"Without the cache the average lookup took {number(saved.value)} times as long {between}."
    elif saved.high < 1:
        compared = f"The cache made the average lookup slower: without it, {number(saved.value)} of the time {between}."
    else:
        compared = f"Whether the cache helped it this run can't tell: the ratio is {number(saved.value)} {between}."
    return (
        f"An answer from the cache took {_time(hit)}, and asking {_time(asked)}: {number(asked / hit)} times as "
        f"long. The average lookup tells another story. {compared}"
    )


def _hit_rate(result: Result) -> str:
    share, ttl = median(result.values(_HIT_RATE)), int(result.knobs["ttl"])
    bound = f": if hits cost nothing at all, that would make {number(100 / (100 - share))} times" if share < 100 else ""
    hits = sum(result.values(_HIT)) / 1000 / (sum(result.values(_CACHED)) * _PER_ROUND)
    faster = "; making them faster would change little, fewer misses much" if hits < 0.1 else ""
    return (
        f"The cache answered {number(share)} % of the lookups, and each of the others pays the whole "
        f"distance{bound}. Of all the time that lookups with the cache took, hits make up {number(100 * hits)} "
        f"%{faster}. A name is in the cache only if it was asked for in the last {ttl} s, so names that are wanted "
        "often are there and rare ones mostly are not. A longer TTL or fewer names than "
        f"{int(result.knobs['names']):,} raise the share of hits; a longer distance makes both ways dearer."
    )


def _staleness(result: Result) -> str:
    stale, ttl = result.values(_STALE), int(result.knobs["ttl"])
    return (
        f"After the address had changed at the server, the cache gave the old one for {_time(median(stale))} in the "
        f"median of {len(stale)} names, and for {_time(max(stale))} at the most (until the new one had arrived); the "
        f"TTL is {_time(1000 * ttl)}. Nobody tells a cache of a change: the TTL is the time for which the owner of "
        "the name promised not to mind. To move a service, lower the TTL at least one old TTL ahead, and keep the "
        "old address serving until the last caches have let go. See [DNS](concept:dns)."
    )


def _elsewhere(result: Result) -> str:
    costs = (
        "On this machine `localhost` could not be resolved by `getaddrinfo`. "
        if _LOCALHOST in result.facts
        else f"`{_LOCALHOST}` took {_time(median(result.values(_LOCALHOST)) / 1000)} here; that name usually stands in "
        "`/etc/hosts`, which is read anew. "
    )
    return costs + (
        "The C library keeps no answers between two calls: unless the program or a service of the machine does, "
        "every new connection to a host name begins with a question to the name server. A pool of open connections "
        "saves the lookup too, and for that reason may stay with an old address longer than any TTL."
    )


def _lookups(result: Result) -> BarPlot:
    rows = {
        "asked each time": median_estimate(result.values(_ASKED)),
        "with a cache, average": median_estimate(result.values(_CACHED)),
        _HIT: median_estimate([value / 1000 for value in result.values(_HIT)]),
    }
    if _LOCALHOST not in result.facts:
        rows[_LOCALHOST] = median_estimate([value / 1000 for value in result.values(_LOCALHOST)])
    return BarPlot(
        title="What a lookup takes",
        alt="Time of a lookup: " + "; ".join(f"{name} {_time(each.value)}" for name, each in rows.items()) + ".",
        marks=_predicted(result),
        axis=Axis(label="time of a lookup", unit="ms"),
        bars=tuple(Bar.of(name, each) for name, each in rows.items()),
    )


def _predicted(result: Result) -> tuple[Mark, ...]:
    """Where the average lookup with the cache would end, had the prediction been right."""
    if result.predicted is None or result.predicted.value <= 0:
        return ()
    said = result.predicted.value
    return (
        Mark(value=median(result.values(_ASKED)) / said, label=f"with the cache, as you predicted: {number(said)} ×"),
    )


def _old_addresses(result: Result) -> StripPlot:
    stale, ttl = result.values(_STALE), 1000 * int(result.knobs["ttl"])
    return StripPlot(
        title="How long the cache gave the old address",
        alt=(
            f"{len(stale)} names: {_time(min(stale))} to {_time(max(stale))} after the change, the middle half between "
            f"{_time(quantile(stale, 0.25))} and {_time(quantile(stale, 0.75))}. The TTL is {_time(ttl)}."
        ),
        marks=(Mark(value=ttl, label=f"the TTL: {_time(ttl)}"),),
        axis=Axis(label="time since the change", unit="ms"),
        strips=(Strip(label="first new address", values=stale),),
    )
