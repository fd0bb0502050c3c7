"""What the commands of ``climb serve`` have in common: the port, and errors in the words of the command instead of the environment's."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import click
from click.core import ParameterSource

from climb.cli.console import printable
from climb.errors import SetupError

__all__ = ["HOST", "demand_port", "told"]

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
    """The problem with the name of the option, unless it was the environment that said it."""
    for variable, option in options.items():
        if problem.startswith(variable) and not _is_of_environment(option):
            rest = problem.removeprefix(variable).replace(" in the environment", "", 1)
            return printable(option + (f" {rest[1:]}" if rest.startswith("=") else rest))
    return printable(problem)


def _is_of_environment(option: str) -> bool:
    name = option.removeprefix("--").replace("-", "_")
    return click.get_current_context().get_parameter_source(name) is ParameterSource.ENVIRONMENT
