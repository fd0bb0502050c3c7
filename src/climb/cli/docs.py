"""climb docs: what the documents show of Backend Climb, made by the thing itself."""

from __future__ import annotations

import shutil

import click

from climb.cli.develop import checkout

__all__ = ["docs"]


@click.group()
def docs() -> None:
    """Tools for authors of documents."""


@docs.command("screenshots")
def screenshots() -> int:
    """Take pictures of every page of the workbench into docs/screenshots, wide and light, and narrow and dark.

    The pages show real content, made on the spot in a temporary home: runs of the starter, of a scanner with one bug and of
    our own, a lab, answers, and a journal. It needs a Chromium and takes about a minute.

    \b
    Examples:
      climb docs screenshots
    """
    from climb.cli.screenshots import LARGEST, take_all

    folder = checkout() / "docs" / "screenshots"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in take_all(checkout(), folder):
        click.echo(f"  docs/screenshots/{name}")
    size = sum(path.stat().st_size for path in folder.iterdir())
    click.echo(f"\n  {len(list(folder.iterdir()))} pictures, {size / 1e6:.1f} MB in all")
    if size > LARGEST:
        click.echo(f"  that is more than {LARGEST / 1e6:.1f} MB: show less of the long pages", err=True)
    return 1 if size > LARGEST else 0
