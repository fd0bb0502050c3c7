"""What this machine does here and now: numbers that are positive, and in a sensible relation to each other."""

from climb.judge.calibration import calibrate_cores, calibrate_decoding, calibrate_http, calibrate_start
from climb.judge.load import HttpPlan, HttpRequest

LINE = b'{"sensor": "s1", "seq": 17, "ts": 1700000000123, "value": 21.5}'


async def test_a_longer_line_takes_longer_to_decode() -> None:
    """The loop really decodes."""
    short = await calibrate_decoding(b"{}")
    long = await calibrate_decoding(b'{"a": [%s]}' % b",".join([b"1"] * 2000))

    assert 0 < short.seconds < long.seconds
    assert short.spread >= 1


async def test_two_loops_do_no_more_than_twice_as_much() -> None:
    """With room for what other programs do meanwhile; and together they are not slower than a fraction of one."""
    cores = await calibrate_cores(LINE)

    assert cores.alone > 0
    assert 0.3 < cores.ratio < 4
    assert f"{cores.ratio:.2f} times" in str(cores)


async def test_a_start_is_measured_once_a_minute() -> None:
    """Asking again right away costs nothing."""
    first = await calibrate_start()

    assert first.seconds > 0
    assert await calibrate_start() is first


async def test_http_is_measured_under_the_load_that_is_asked_for() -> None:
    """As many requests as the plan says, and all are answered, whatever they ask for; asking again costs nothing."""
    plan = HttpPlan(requests=(HttpRequest(data=b"?", name="a"),), seconds=0.5, rate_per_s=200, connections=4)
    first = await calibrate_http(plan)

    assert first.loaded.sent == first.loaded.answered == first.loaded.by_status[200] > 0
    assert "answers a second" in str(first)
    assert await calibrate_http(plan) is first


async def test_without_a_rate_a_machine_answers_faster() -> None:
    """The plan without a rate is limited by nothing else than the server and who asks it."""
    request = HttpRequest(data=b"?", name="a")
    fast = await calibrate_http(HttpPlan(requests=(request,), seconds=0.5, connections=4))
    slow = await calibrate_http(HttpPlan(requests=(request,), seconds=0.5, rate_per_s=50, connections=4))

    assert fast.loaded.answers_per_s > slow.loaded.answers_per_s
