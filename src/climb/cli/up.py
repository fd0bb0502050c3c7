"""climb up: the workbench in the browser."""

from __future__ import annotations

import os
import webbrowser
from pathlib import Path

import click

from climb.home import home_folder
from climb.workbench.settings import DEFAULT_PORT, Settings

__all__ = ["start_folder", "up"]


@click.command()
@click.option("--no-browser", is_flag=True, help="Print the address and open nothing.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    envvar="CLIMB_PORT",
    show_envvar=True,
    help="The port on 127.0.0.1; 0 takes any free one.",
)
def up(no_browser: bool, port: int) -> None:
    """Serve the workbench on this machine, and open it in the browser. Ctrl-C ends it, and all that it started.

    \b
    Examples:
      climb up
      climb up --no-browser --port 0
    """
    from climb.workbench.serve import home_token, listening_socket, serve

    home = home_folder()
    listener = listening_socket(port)
    settings = Settings(
        home=home, token=home_token(home), port=listener.getsockname()[1], start=start_folder(Path.cwd())
    )

    def ready() -> None:
        click.echo(f"Backend Climb is at {settings.origin}   (Ctrl-C ends it)")
        if not no_browser and _has_display():
            webbrowser.open(settings.origin)

    with listener:
        serve(settings, listener, ready)
    click.echo("\nThe workbench has ended.")


def start_folder(here: Path) -> Path:
    """Where new folders are offered: here, but not among our own files; who starts us in our checkout gets the home."""
    ours = Path(__file__).resolve().parents[3]
    in_checkout = (ours / "requirements.lock").exists() and here.resolve().is_relative_to(ours)
    return Path.home() if in_checkout else here


def _has_display() -> bool:
    """Whether a browser that opens would be seen; without one, webbrowser would start a text browser in this terminal."""
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"))
