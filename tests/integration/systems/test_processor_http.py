"""What the processor answers over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice

import pytest
from processor_clients import Service, key, lines, reading

Start = Callable[..., Service]


def filled(service: Start, sensors: str = "ab", seconds: int = 30) -> Service:
    """A service in which each of these sensors has so many closed windows."""
    running = service()
    with running.connect() as sender:
        sender.send(*(reading(name, second + 1, second * 1000) for second in range(seconds + 1) for name in sensors))
        sender.wait_for(dict.fromkeys(sensors, seconds + 1))
    running.wait_for_stats(windows_closed=len(sensors) * seconds)
    return running


def test_ingest(service: Start) -> None:
    """A body is answered with the last number of each sensor and each wrong line; its last line needs no newline."""
    running = service(workers=2)
    body = lines([reading("a", 1, 1), reading("b", 4, 1)]) + b"nonsense\n\n" + lines([reading("a", 7, 2)])[:-1]
    status, answer = running.request("POST", "/ingest", body)
    document = json.loads(answer)

    assert status == 200
    assert document["ack"] == {"a": 7, "b": 4}
    assert [each["line"] for each in document["rejected"]] == [3]
    assert all(each["reason"] for each in document["rejected"])
    assert json.loads(running.request("POST", "/ingest", body)[1])["ack"] == {"a": 7, "b": 4}
    assert running.stats()["duplicates"] == 3
    assert json.loads(running.request("POST", "/ingest", b"")[1]) == {"ack": {}, "rejected": []}


def test_a_large_body(service: Start) -> None:
    """A body of 8 MiB is taken, and a larger one is refused."""
    running = service()
    line = lines([reading("a", 1, 1)])
    body = line + b" " * ((8 << 20) - len(line) - 1) + b"\n"
    padded = b"".join(line[:-1].ljust(4096) + b"\n" for _ in range(2047))

    assert running.request("POST", "/ingest", padded)[0] == 200
    assert json.loads(running.request("POST", "/ingest", body)[1])["ack"] == {"a": 1}
    assert running.request("POST", "/ingest", body + b"\n")[0] == 413


def test_pages(service: Start) -> None:
    """Pages of any size make up all windows, in order; an empty page gives back its cursor."""
    running = filled(service)
    everything = running.windows()
    page = running.get("/windows")[1]
    rest = running.get(f"/windows?after={page['next']}")[1]

    assert [key(window) for window in everything] == [(second * 1000, name) for second in range(30) for name in "ab"]
    assert running.windows(limit=7) == everything
    assert rest == {"windows": [], "next": page["next"]}
    assert running.get("/windows?sensor=nobody")[1] == {"windows": [], "next": None}


def test_filters(service: Start) -> None:
    """A sensor and a stretch of time choose windows, and pages of them go on behind one another."""
    running = filled(service)
    query = "&sensor=b&from=5000&to=9000"

    assert [key(window) for window in running.windows(query, limit=3)] == [
        (start, "b") for start in range(5000, 9000, 1000)
    ]
    assert running.get("/windows?from=9000&to=5000")[1] == {"windows": [], "next": None}


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=10001", "limit=x", "from=1.5", "to=", "after=zz", "after=999999", "sensor=a%20b", "sensor="],
)
def test_a_wrong_parameter(service: Start, query: str) -> None:
    """It is answered with 400, and named."""
    running = filled(service, "a", 1)
    status, document = running.get(f"/windows?{query}")

    assert status == 400
    assert document["error"].startswith(query.partition("=")[0])


def test_a_stream_goes_on(service: Start) -> None:
    """A stream gives windows as they close; with a last id it begins behind it, without gap or repetition."""
    running = filled(service)
    windows = running.windows()
    with running.stream("?after=0") as stream:
        first = list(islice(stream.events(), 20))
    with running.stream(last=first[-1][0]) as stream:
        second = list(islice(stream.events(), 40))
    with running.stream("?after=0&sensor=b") as stream:
        only = list(islice(stream.events(), 30))

    assert [window for _, window in [*first, *second]] == windows
    assert [window for _, window in only] == [window for window in windows if window["sensor"] == "b"]


def test_a_stream_of_what_closes_next(service: Start) -> None:
    """Without a cursor a stream begins with the next window that closes."""
    running = filled(service)
    with running.stream() as stream, running.connect() as sender:
        sender.send(reading("a", 100, 31_000), reading("b", 100, 31_000))
        events = [window for _, window in islice(stream.events(), 2)]

    assert [key(window) for window in events] == [(30_000, "a"), (30_000, "b")]


def test_a_stream_that_is_not_read(service: Start) -> None:
    """A slow reader of a stream delays neither windows nor other streams, and gets all of them when it reads on."""
    running = service()
    with running.stream("?after=0") as slow, running.connect() as sender:
        seconds = 20_000
        sender.send_and_hear(lines(reading("a", second + 1, second * 1000) for second in range(seconds + 1)))
        sender.wait_for({"a": seconds + 1})
        running.wait_for_stats(windows_closed=seconds)
        starts = [window["start"] for _, window in islice(slow.events(), seconds)]

    assert starts == list(range(0, seconds * 1000, 1000))


def test_metrics(service: Start) -> None:
    """The numbers are there for Prometheus; the watermark as soon as there is one."""
    running = service()
    before = running.request("GET", "/metrics")[1].decode()
    with running.connect() as sender:
        sender.send(reading("a", 1, 1500), reading("a", 1, 1500), b"nonsense\n")
        sender.wait_for({"a": 1})
        running.wait_for_stats(watermark=1500, rejected=1, duplicates=1)
    after = running.request("GET", "/metrics")[1].decode()

    assert "processor_watermark_ms" not in before
    for line in (
        "processor_accepted_total 1.0",
        "processor_late_total 0.0",
        "processor_duplicates_total 1.0",
        "processor_rejected_total 1.0",
        "processor_windows_closed_total 0.0",
        "processor_sensors 1.0",
        "processor_watermark_ms 1500.0",
    ):
        assert line in after.splitlines()


def test_what_is_not_there(service: Start) -> None:
    """Another path is answered with 404 and another method with 405, and both say so."""
    running = service()

    assert running.get("/nothing") == (404, {"error": "there is no /nothing"})
    assert running.request("DELETE", "/windows")[0] == 405
