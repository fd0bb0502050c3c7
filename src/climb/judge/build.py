"""Build a submission once per change.

What changed is told by content, not by time: a build is current while every file of the folder is as that build left it. A build
writes into the same folder that it reads, so the files that appear or change while it runs are its products. That works for any
language without a list of what each leaves where; only folders that are known to be large are not looked into.

A file that was there before and changed during the build may be an older product, a source that the build formats, or one that the
learner saved meanwhile, which the build may have missed. So that once the next check builds again, and then it is settled.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from pathlib import Path

import msgspec

from climb.errors import SetupError
from climb.judge.limits import MIB, Limits
from climb.judge.program import Outcome, Program, environment
from climb.judge.submission import Submission

__all__ = ["BUILD_LIMITS", "LARGE_FOLDERS", "Build", "build", "fingerprints", "sources"]

BUILD_LIMITS = Limits(seconds=900, memory=16 * 1024 * MIB, processes=2048, output=64 * MIB)
LARGE_FOLDERS = frozenset(
    {
        ".climb",
        ".git",
        ".hg",
        ".venv",
        "venv",
        "node_modules",
        "target",
        "_build",
        "deps",
        "__pycache__",
        ".gradle",
        ".idea",
    }
)
_MISSING_TOOL = re.compile(r"^(?:.*?: )?(?:line )?\d*:? ?([\w.+-]+): (?:command )?not found\s*$", re.MULTILINE)


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """How the build went. ``cached``: nothing had changed, so it was not run; ``outcome`` is then None."""

    command: str
    ok: bool
    cached: bool
    outcome: Outcome | None = None


class _Record(msgspec.Struct):
    command: str
    files: dict[str, str]  # as the build left them
    products: set[str]
    settled: bool


async def build(submission: Submission) -> Build | None:
    """Build ``submission`` if it has a build and something changed since the last one, or always if it wants that; None if it has none.

    Raises SetupError if the build's tool is not installed.
    """
    if submission.build is None:
        return None
    if not submission.always_builds and _is_current(submission):
        return Build(command=submission.build, ok=True, cached=True)
    before = fingerprints(submission.folder)
    outcome = await _run(submission.folder, submission.build)
    _raise_if_tool_missing(submission.build, outcome)
    ok = outcome.ending.code == 0
    if ok:
        _remember(submission, before)
    return Build(command=submission.build, ok=ok, cached=False, outcome=outcome)


def fingerprints(folder: Path) -> dict[str, str]:
    """Each file's content hash, by its path relative to ``folder``; large folders are left out."""
    found = {}
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in LARGE_FOLDERS]
        for name in files:
            path = Path(parent, name)
            with contextlib.suppress(OSError):  # gone meanwhile, as an editor's temporary file, or not readable
                if path.is_file():
                    found[_name(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _name(path: Path) -> str:
    """A path as text; names are bytes, and need not be UTF-8."""
    return os.fsencode(path).decode(errors="backslashreplace")


def sources(submission: Submission) -> dict[str, str]:
    """The fingerprints of what the learner wrote: everything but the products that are as the last build left them."""
    record = _record(submission)
    products = {path: record.files.get(path) for path in record.products} if record else {}
    return {path: digest for path, digest in fingerprints(submission.folder).items() if products.get(path) != digest}


async def _run(folder: Path, command: str) -> Outcome:
    shell = ["/bin/sh", "-c", command]
    async with Program(shell, cwd=folder, env=environment(), limits=BUILD_LIMITS) as program:
        return await program.wait()


def _raise_if_tool_missing(command: str, outcome: Outcome) -> None:
    if outcome.ending.code != 127:
        return
    complaint = _MISSING_TOOL.search(outcome.stderr.decode(errors="replace"))
    tool = complaint[1] if complaint else command.split(maxsplit=1)[0]
    raise SetupError(
        f"{tool!r} is not installed, and the build needs it: {command}",
        next_step=f"install {tool}, or change build in climb.toml",
    )


def _record_path(submission: Submission) -> Path:
    return submission.climb_folder / "build.json"


def _record(submission: Submission) -> _Record | None:
    try:
        return msgspec.json.decode(_record_path(submission).read_bytes(), type=_Record)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError):
        return None  # never built, or cut short while it was written: then build again


def _is_current(submission: Submission) -> bool:
    record = _record(submission)
    if record is None:
        return False
    program = submission.folder / submission.run.split()[0]
    if "/" in submission.run.split()[0] and not program.exists():
        return False
    return record.settled and record.command == submission.build and record.files == fingerprints(submission.folder)


def _remember(submission: Submission, before: dict[str, str]) -> None:
    after = fingerprints(submission.folder)
    earlier = _record(submission)
    known = earlier.products & after.keys() if earlier else set()
    written = {path for path, digest in after.items() if before.get(path) != digest}
    settled = not (written & before.keys()) - known
    path = _record_path(submission)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(_Record(submission.build or "", after, written | known, settled)))
