"""The processor counts everything, once, however it comes and however many share the work."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest
from processor_clients import Reading, Service, expected_windows, found_windows, key, lines, reading

Start = Callable[..., Service]
SENSORS, READINGS, STEP_MS = 24, 200, 100
END_MS = READINGS * STEP_MS


def made(seed: int) -> dict[str, list[Reading]]:
    """Readings of some sensors, each a little out of order; the last one of each is the latest."""
    draw = random.Random(seed)
    found = {}
    for sensor in (f"s{number}" for number in range(SENSORS)):
        times = [step * STEP_MS + draw.randrange(STEP_MS) for step in range(READINGS)]
        blocks = [times[first : first + 5] for first in range(0, READINGS, 5)]
        shuffled = [ts for block in blocks for ts in draw.sample(block, len(block))]
        found[sensor] = [reading(sensor, seq, ts, seq * 0.5) for seq, ts in enumerate([*shuffled, END_MS], 1)]
    return found


def send_all(service: Service, sensors: dict[str, list[Reading]], connections: int) -> None:
    """Send from several threads; the readings of a sensor go over one connection, mixed with others."""
    names = sorted(sensors)
    failures: list[BaseException] = []

    def send(part: list[str]) -> None:
        try:
            with service.connect() as sender:
                sender.send_and_hear(
                    lines(each for row in zip(*(sensors[name] for name in part), strict=True) for each in row)
                )
                sender.wait_for({name: sensors[name][-1]["seq"] for name in part})
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=send, args=(names[first::connections],)) for first in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_windows_over_many_connections(service: Start, workers: int) -> None:
    """With any number of workers each window has the readings that were sent, and they come in order."""
    sensors = made(workers)
    running = service(workers=workers, lateness_ms=END_MS)
    send_all(running, sensors, 8)
    with running.connect() as sender:  # far enough that the watermark passes all of it
        sender.send(*(reading(name, READINGS + 2, 2 * END_MS + 1000) for name in sorted(sensors)))
        running.wait_for_stats(watermark=END_MS + 1000)
    windows = running.windows()

    assert found_windows(windows) == expected_windows(
        [each for all_ in sensors.values() for each in all_], 1000, END_MS + 1000
    )
    assert [key(window) for window in windows] == sorted(key(window) for window in windows)
    assert running.stats()["accepted"] == SENSORS * (READINGS + 2)


def test_windows_close_while_others_are_made_safe(service: Start) -> None:
    """When windows close all the time under load, each is shown, and a client that follows with a cursor sees it in order."""
    seconds, names = 300, [f"s{number:02}" for number in range(40)]
    running = service(workers=2)
    with running.connect() as sender:
        sender.send(*(reading(name, 1, 0) for name in names))
        sender.wait_for(dict.fromkeys(names, 1))
        rest = lines(reading(name, seq, seq * 250) for seq in range(2, 4 * seconds + 1) for name in names)
        sending = threading.Thread(target=sender.send_and_hear, args=(rest,))
        sending.start()
        seen, page, all_shown, cursor = [], {}, False, ""
        while page.get("windows") or not all_shown:
            all_shown = running.stats()["watermark"] == seconds * 1000
            page = running.get(f"/windows?limit=10000{cursor}")[1]
            seen += [key(window) for window in page["windows"]]
            cursor = f"&after={page['next']}" if page["next"] else ""
        sending.join()

    assert seen == [(second * 1000, name) for second in range(seconds) for name in names]
    assert running.stats()["late"] == 0


def test_another_number_of_workers(service: Start) -> None:
    """What one worker took is there for three and then for two: nothing is taken twice, and nothing is missing."""
    sensors = made(7)
    for workers in (1, 3, 2):
        running = service(workers=workers, lateness_ms=END_MS)
        send_all(running, sensors, 3)
        stats = running.stats()
        running.kill()

        assert (stats["accepted"], stats["late"], stats["sensors"]) == (SENSORS * (READINGS + 1), 0, SENSORS)
        assert stats["duplicates"] == (0 if workers == 1 else SENSORS * (READINGS + 1))


def test_late_after_shown(service: Start) -> None:
    """A reading for a window that was shown is late, and the window stays as it was."""
    running = service()
    with running.connect() as sender:
        sender.send(reading("a", 1, 500), reading("a", 2, 2500))
        sender.wait_for({"a": 2})
        running.wait_for_stats(windows_closed=1)
        before = running.windows()
        sender.send(reading("a", 3, 600))
        sender.wait_for({"a": 3})

    assert running.stats()["late"] == 1
    assert running.windows() == before


def test_idle_sensor_leaves_the_watermark(service: Start) -> None:
    """A sensor that sends nothing for the idle time holds nobody up."""
    running = service(idle_ms=300)
    with running.connect() as sender:
        sender.send(reading("a", 1, 0), reading("b", 1, 0))
        sender.wait_for({"a": 1, "b": 1})
        seq = 1
        while not running.stats()["windows_closed"]:
            seq += 1
            sender.send(reading("a", seq, 5000))
            sender.wait_for({"a": seq})

    assert {window["sensor"] for window in running.windows()} == {"a", "b"}
