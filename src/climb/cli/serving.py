"""What the commands of ``climb serve`` have in common: the port, the folder, and errors in the words of the command instead of the environment's."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click
from click.core import ParameterSource

from climb.cli.console import printable
from climb.errors import SetupError

__all__ = ["HOST", "data_folder", "demand_port", "say_start", "told"]

HOST = "127.0.0.1"


def demand_port(command: str, port: int) -> None:
    """Raise the error that the command ends with if the port can't be had; to be called before anything is started."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((HOST, port))
        except OSError as error:
            raise SetupError(
                f"{HOST}:{port} can't be used: {error.strerror}",
                next_step=f"climb serve {command} --port {port % 65535 + 1}",
            ) from error


def data_folder(given: Path | None, name: str) -> Path:
    """The folder of the data, made if need be; by default below ``CLIMB_HOME``, or where the database's user can get to."""
    from climb.home import home_folder
    from climb.stack.lasting import reachable_folder

    folder = given.absolute() if given else reachable_folder(home_folder() / name)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o711)
    except OSError as error:
        raise SetupError(f"{printable(str(folder))} can't be made: {error.strerror}") from error
    return folder


def say_start(folder: Path, awaited: str | None) -> None:
    """Say where the data are, and what takes a moment now: ``awaited`` is what was given, if nothing is started."""
    click.echo(f"Data: {printable(str(folder))}")
    click.echo(f"Waiting for {awaited} …" if awaited else "Starting the servers that it stands on …")


@contextmanager
def told(options: Mapping[str, str]) -> Iterator[None]:
    """Turn what is wrong with the settings, or missing here, into the error that the command ends with.

    ``options`` has the option that each variable of the service was given by.
    """
    from climb.stack.errors import StackError
    from climb.stack.settings import SettingsError

    try:
        yield
    except SettingsError as error:
        raise SetupError("; ".join(_worded(problem, options) for problem in error.problems)) from error
    except StackError as error:
        raise SetupError(str(error), next_step=error.next_step) from error


def _worded(problem: str, options: Mapping[str, str]) -> str:
    """The problem with the names of options, but for what the environment itself has said."""
    named = {variable: option for variable, option in options.items() if not _is_of_environment(option)}
    begins = next((variable for variable in named if problem.startswith(variable)), None)
    if begins is not None:
        problem = problem.replace(" in the environment", "", 1).replace(f"{begins}=", f"{begins} ", 1)
    return printable(re.sub("[A-Z]+_?[A-Z]+", lambda word: named.get(word[0], word[0]), problem))


def _is_of_environment(option: str) -> bool:
    name = option.removeprefix("--").replace("-", "_")
    return click.get_current_context().get_parameter_source(name) is ParameterSource.ENVIRONMENT
