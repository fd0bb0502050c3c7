"""What this machine does here and now: numbers that are positive, and in a sensible relation to each other."""

from climb.judge.calibration import calibrate_cores, calibrate_decoding, calibrate_start

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
