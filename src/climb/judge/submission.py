"""A submission: a folder with a ``climb.toml`` that says how to build and run a program."""

from __future__ import annotations

import shlex
import shutil
import tomllib
from pathlib import Path

import msgspec

from climb.errors import SetupError, UsageError

__all__ = ["MANIFEST", "Submission", "load", "resolve_command"]

MANIFEST = "climb.toml"

_EXAMPLE = 'project = "scanner"\nlanguage = "rust"\nbuild = "cargo build --release"\nrun = "./target/release/scanner"'


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """What the judge needs to know of a learner's folder."""

    folder: Path
    project: str
    language: str
    run: str
    build: str | None = None
    always_builds: bool = False  # for a build that looks itself whether there is something to do
    state: Path | None = None  # where runs are kept; by default in the folder itself

    @property
    def climb_folder(self) -> Path:
        """Where runs, hints and the build's fingerprint are kept."""
        return self.state or self.folder / ".climb"


class _Manifest(msgspec.Struct, forbid_unknown_fields=True):
    project: str
    run: str
    language: str = "other"
    build: str | None = None


def load(folder: Path) -> Submission:
    """Read ``climb.toml`` in ``folder``.

    Raises UsageError naming the file and the key if it is missing or wrong.
    """
    path = folder / MANIFEST
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # some editors begin a file with a byte order mark
        manifest = msgspec.convert(data, _Manifest)
    except FileNotFoundError:
        raise UsageError(
            f"{folder} has no {MANIFEST}, so there is nothing to judge here",
            next_step="climb start scanner --lang python   (makes a folder that has one)",
        ) from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise UsageError(
            f"{path}: {error}", next_step=f"a complete {MANIFEST} looks like this:\n\n{_EXAMPLE}"
        ) from error
    if not manifest.run.strip():
        raise UsageError(f"{path}: run is empty", next_step=f"a complete {MANIFEST} looks like this:\n\n{_EXAMPLE}")
    return Submission(
        folder=folder.resolve(),
        project=manifest.project,
        language=manifest.language,
        run=manifest.run,
        build=manifest.build or None,
    )


def resolve_command(submission: Submission) -> list[str]:
    """The words of ``run``, its program made sure of.

    Raises SetupError if an interpreter or tool is missing, UsageError if the submission's own file is.
    """
    try:
        words = shlex.split(submission.run)
    except ValueError as error:
        raise UsageError(f"{MANIFEST}: run = {submission.run!r}: {error}") from error
    first = words[0]
    if "/" not in first:
        if shutil.which(first) is None:
            raise SetupError(
                f"{first!r} is not installed, and {MANIFEST} runs the program with it: {submission.run}",
                next_step=f"install {first}, or change run in {MANIFEST}",
            )
        return words
    path = submission.folder / first
    if not path.exists():
        built = f"; the build was: {submission.build}" if submission.build else f", and {MANIFEST} names no build"
        raise UsageError(
            f"{MANIFEST} runs {first}, but there is no such file in {submission.folder}{built}",
            next_step="check where your build puts the program, and set run to that path",
        )
    if path.is_dir() or not path.stat().st_mode & 0o111:
        raise UsageError(f"{path} is not executable", next_step=f"chmod +x {path}")
    return [str(path), *words[1:]]
