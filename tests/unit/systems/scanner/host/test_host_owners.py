from __future__ import annotations

import os
import pwd

from climb.systems.scanner.host.files import Files
from climb.systems.scanner.host.owners import Owners, named, parse_link, read_owners
from climb.systems.scanner.host.report import Process
from climb.systems.scanner.host.sockets import SocketRow

INIT = {"proc/1/comm": "init\n", "proc/1/fd/0": "-> /dev/null"}


def row(**fields: object) -> SocketRow:
    return SocketRow(**{"protocol": "tcp", "address": "::1", "port": 80, "uid": 0, "inode": 7, "waiting": 0, **fields})


def test_a_sockets_link_names_its_inode() -> None:
    """Other descriptors are files, pipes or anonymous inodes."""
    assert parse_link("socket:[4711]") == 4711
    assert parse_link("/dev/null") is None
    assert parse_link("pipe:[4711]") is None


def test_a_process_that_holds_a_socket_is_found(machine) -> None:
    """The process is named by its number and its name; two descriptors for one socket are one holder."""
    files = machine(
        INIT | {"proc/42/comm": "nginx\n", "proc/42/fd/3": "-> socket:[7]", "proc/42/fd/4": "-> socket:[7]"}
    )

    owners = read_owners(files)

    assert owners.by_inode == {7: [Process(pid=42, name="nginx")]}
    assert owners.complete


def test_processes_of_others_leave_the_picture_incomplete(machine) -> None:
    """A folder that is closed to us hides whatever that process holds."""

    class Closed(Files):
        def names(self, path: str) -> list[str]:
            if path == "proc/1/fd":
                raise PermissionError(path)
            return super().names(path)

    owners = read_owners(Closed(machine(INIT).root))

    assert owners == Owners({}, complete=False)


def test_hidden_processes_leave_the_picture_incomplete(machine) -> None:
    """Where /proc hides the processes of others, the first process is missing."""
    owners = read_owners(machine({"proc/42/comm": "mine\n"}))

    assert not owners.complete


def test_a_process_that_has_just_ended_is_no_error(machine) -> None:
    """A folder without its files is a process that went away while we looked."""
    files = machine(INIT | {"proc/43/stat": ""})

    assert read_owners(files) == Owners({}, complete=True)


def test_a_socket_may_have_several_holders() -> None:
    """After fork both processes hold it, the oldest number first."""
    owners = Owners({7: [Process(pid=9, name="b"), Process(pid=8, name="a")]}, complete=True)

    (listener,) = named([row()], owners)

    assert [process.pid for process in listener.processes] == [8, 9]


def test_a_socket_of_another_user_is_marked_hidden() -> None:
    """Without a holder we say whether that is for lack of privileges; the user is known all the same."""
    (unseen,) = named([row(uid=os.getuid())], Owners({}, complete=False))
    (nobodys,) = named([row()], Owners({}, complete=True))

    assert (unseen.hidden, nobodys.hidden) == (True, False)
    assert unseen.user == pwd.getpwuid(os.getuid()).pw_name


def test_an_unknown_user_is_a_number() -> None:
    """A user of a container has no name out here."""
    (listener,) = named([row(uid=4_000_000)], Owners({}, complete=True))

    assert listener.user == "4000000"


def test_listeners_are_sorted_by_protocol_and_port() -> None:
    """IPv4 comes before IPv6 on the same port."""
    rows = [row(protocol="udp"), row(), row(address="127.0.0.1"), row(port=22)]

    assert [(one.protocol, one.port, one.address) for one in named(rows, Owners({}, complete=True))] == [
        ("tcp", 22, "::1"),
        ("tcp", 80, "127.0.0.1"),
        ("tcp", 80, "::1"),
        ("udp", 80, "::1"),
    ]
