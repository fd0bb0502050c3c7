"""Servers that stay until they are told to end: started and ended by short commands, held by processes of their own.

All that there is to know of them is below one folder, so two folders never meet: each has its own servers, ports and passwords.
Only one command at a time starts or ends servers of a folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from climb.stack.accounts import may_enter, unprivileged
from climb.stack.errors import StackError
from climb.stack.kinds import Kind
from climb.stack.records import Place, Record

__all__ = ["Started", "down", "forget", "place_of", "reachable_folder", "up"]

_FOR_ROOT = Path("/var/lib/backend-climb")
_END_WITHIN_S = 30.0


@dataclass(frozen=True)
class Started:
    """What became of one kind: it runs, new or as before, or there is an error."""

    kind: Kind
    record: Record | None
    new: bool = False
    error: StackError | None = None


def up(home: Path, kinds: Iterable[Kind], tell: Callable[[Started], None]) -> None:
    """Start what does not run yet, all at once, and call ``tell`` for each as soon as it is known.

    Whatever ends this before it returns, such as a Ctrl-C, ends what it has started, too.
    """
    with _alone(home), ExitStack() as stack:
        begun = []
        for kind in kinds:
            place = place_of(home, kind)
            if place.is_held():
                tell(_found(kind, place))
            else:
                begun.append((kind, place, stack.enter_context(_holder(home, kind, place))))
        held = []
        for kind, place, holder in begun:
            error = _error_of(kind, place, holder)
            tell(Started(kind, place.read(), new=True, error=error))
            held += [] if error else [holder]
        for holder in held:
            _say_stay(holder)


def _found(kind: Kind, place: Place) -> Started:
    record = place.read()
    if record and kind.answers(record.address):
        return Started(kind, record)
    silent = StackError(f"{kind.title} is there and does not answer", next_step="climb infra status")
    return Started(kind, record, error=silent)


def down(home: Path, kinds: Iterable[Kind], tell: Callable[[Kind, bool], None]) -> None:
    """End what runs, in order, and call ``tell`` for each with whether it ran."""
    with _alone(home):
        for kind in kinds:
            tell(kind, _ended(place_of(home, kind)))


def forget(home: Path, kinds: Iterable[Kind]) -> None:
    """Throw away the data, the passwords and the records of servers that do not run."""
    with _alone(home):
        for kind in kinds:
            place = place_of(home, kind)
            record = place.read()
            if place.is_held():
                raise StackError(f"{kind.title} runs; its data stay", next_step="climb infra down --forget")
            if record:
                _remove(Path(record.folder))
            shutil.rmtree(place.folder, ignore_errors=True)


def place_of(home: Path, kind: Kind) -> Place:
    """Where the record of a kind is."""
    return Place(home / "infra" / kind.name)


def reachable_folder(folder: Path) -> Path:
    """That folder, or, as root, one that stands for it where the user that servers run as can get."""
    user = unprivileged()
    if user is None:
        return folder
    try:
        _open_folder(folder.parent)
    except OSError as error:
        raise StackError(f"{folder.parent} can't be used: {error.strerror}") from error
    if may_enter(folder.parent, user):
        return folder
    return _FOR_ROOT / hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Let no other command start or end servers of this home while the block lasts."""
    folder = home / "infra"
    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(Place(folder).held(wait=True))
        except OSError as error:
            raise StackError(
                f"{folder} can't be used: {error.strerror}", next_step="set CLIMB_HOME to a folder of yours"
            ) from error
        yield


@contextmanager
def _holder(home: Path, kind: Kind, place: Place) -> Iterator[subprocess.Popen[bytes]]:
    """A holder that has been started. It ends with the block unless it was told to stay."""
    _open_folder(place.folder)
    words = [sys.executable, "-m", "climb.stack.holder", kind.name, str(place.folder), str(_data_folder(home, kind))]
    with (place.folder / "holder.log").open("wb") as log:
        holder = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd="/", start_new_session=True
        )
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        yield holder
    finally:
        stays = holder.stdin.closed
        holder.stdin.close()
        holder.stdout.close()
        if not stays:
            holder.wait()


def _say_stay(holder: subprocess.Popen[bytes]) -> None:
    assert holder.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        holder.stdin.write(b"stay\n")
        holder.stdin.close()


def _error_of(kind: Kind, place: Place, holder: subprocess.Popen[bytes]) -> StackError | None:
    """None when the server takes requests, else what the holder says is wrong."""
    assert holder.stdout is not None
    line = holder.stdout.readline()
    if not line:
        return StackError(
            f"what holds {kind.title} has ended with {holder.wait()}", next_step=f"read {place.folder}/holder.log"
        )
    said = json.loads(line)
    if "ready" in said:
        return None
    anew = f"climb infra down {kind.name} --forget   (if its data may go)" if kind.keeps_data else None
    return StackError(said["error"], next_step=said.get("next_step") or anew)


def _ended(place: Place) -> bool:
    """End the server in order, if it is held; whether it was."""
    record = place.read()
    if record is None or not place.is_held():
        return False
    with contextlib.suppress(ProcessLookupError), _process(record.holder) as process:
        if not place.is_held():  # it ended a moment ago, and its number may be somebody else's
            return False
        signal.pidfd_send_signal(process, signal.SIGTERM)
        if not select.select([process], [], [], _END_WITHIN_S)[0]:
            signal.pidfd_send_signal(process, signal.SIGKILL)  # its keeper ends the server
            select.select([process], [], [])
    return True


@contextmanager
def _process(pid: int) -> Iterator[int]:
    process = os.pidfd_open(pid)
    try:
        yield process
    finally:
        os.close(process)


def _data_folder(home: Path, kind: Kind) -> Path:
    """Where a kind keeps its data and its log: below ``home``, or, as root, where the user that the server runs as can get."""
    ours, user = home / "infra" / kind.name, unprivileged()
    if not kind.keeps_data:  # it runs as this user, and finds its folder made
        _open_folder(ours / "server")
    if not kind.keeps_data or user is None or may_enter(ours, user):
        return ours / "server"
    elsewhere = _FOR_ROOT / hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    try:
        _open_folder(elsewhere)
    except OSError as error:
        raise StackError(
            f"{kind.title} can't keep its data: as root it runs as {user.pw_name}, who can't enter {home}, "
            f"and {elsewhere} can't be made: {error.strerror}",
            next_step="set CLIMB_HOME to a folder that everybody may pass through",
        ) from error
    return elsewhere / kind.name


def _remove(folder: Path) -> None:
    """Remove a folder of data, and those around it that were made for it alone."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.is_relative_to(_FOR_ROOT):
        with contextlib.suppress(OSError):  # it is of use to others still
            folder.parent.rmdir()
            _FOR_ROOT.rmdir()


def _open_folder(folder: Path) -> None:
    """Make a folder that others may pass through and not look into; what is there already stays as it is."""
    for place in reversed([folder, *folder.parents]):
        if not place.exists():
            place.mkdir()
            place.chmod(0o711)
