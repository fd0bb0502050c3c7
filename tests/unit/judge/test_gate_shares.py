"""The gate's programs in parts, and the room that they are judged in."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from climb.cli.dev import check
from climb.judge.gate import gates
from climb.judge.gate.gates import Share, _Lanes

PROGRAMS = list("abcdefgh")


def test_all_shares_together_are_the_whole() -> None:
    """Each program is in exactly one of the parts."""
    parts = [Share(part=part, parts=3).of(PROGRAMS) for part in (1, 2, 3)]

    assert parts[0] == ["a", "d", "g"]
    assert sorted(name for part in parts for name in part) == PROGRAMS


async def test_right_programs_are_shared_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part judges some of them, by name."""

    async def judged(_gate: str, name: str, *_: object) -> str:
        return name

    for name in ("go", "python", "rust", "zig"):
        folder = tmp_path / "right" / "lines" / name
        folder.mkdir(parents=True)
        (folder / "climb.toml").touch()
    monkeypatch.setattr(gates, "_judged", judged)
    project = SimpleNamespace(info=SimpleNamespace(slug="lines"))

    for share, names in ((Share(part=1, parts=3), ["go", "zig"]), (None, ["go", "python", "rust", "zig"])):
        ask = SimpleNamespace(tests=tmp_path, project=project, share=share, wants=lambda _name: True)
        assert [finding async for finding in gates.right(ask)] == names  # type: ignore[arg-type]


async def test_starters_are_shared_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part judges some of them, by language."""

    async def judged(_gate: str, language: str, *_: object) -> str:
        return language

    monkeypatch.setattr(gates, "_judged", judged)
    info = SimpleNamespace(slug="lines", languages={"go": None, "python": None, "rust": None})
    project = SimpleNamespace(info=info, folder=Path("lines"))

    for share, names in ((Share(part=2, parts=2), ["python"]), (None, ["go", "python", "rust"])):
        ask = SimpleNamespace(project=project, share=share, wants=lambda _name: True)
        assert [finding async for finding in gates.starters(ask)] == names  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/0", "a/b", "-1/3"])
def test_what_is_no_share_is_named(text: str) -> None:
    """The message shows what was given, and an example."""
    ended = CliRunner().invoke(check, ["--share", text])

    assert ended.exit_code == 2
    assert f"{text!r} is no share; the second of three parts is 2/3" in ended.output


async def test_two_programs_have_room_side_by_side() -> None:
    """The second one begins before the first has ended."""
    lanes = _Lanes()

    async with lanes.one(), asyncio.timeout(5), lanes.one():
        inside = True

    assert inside


async def test_a_timed_program_has_the_room_to_itself() -> None:
    """It waits until nobody is inside, and nobody comes in while it is; two of them wait for each other."""
    lanes, log = _Lanes(), []

    async def timed(name: str) -> None:
        async with lanes.all():
            log.append(f"{name} begins")
            await asyncio.sleep(0)
            log.append(f"{name} ends")

    async def other() -> None:
        async with lanes.one():
            log.append("other begins")
            await asyncio.sleep(0)
            log.append("other ends")

    async with asyncio.timeout(5):
        await asyncio.gather(other(), timed("one"), timed("two"), other())

    for name in ("one", "two"):
        assert log.index(f"{name} ends") == log.index(f"{name} begins") + 1
