"""Where ``climb up`` offers to make a learner's folder."""

from pathlib import Path

import climb
from climb.cli.up import start_folder

CHECKOUT = Path(climb.__file__).resolve().parents[2]


def test_a_folder_of_the_users_is_taken_as_it_is(tmp_path: Path) -> None:
    """Who starts the workbench somewhere wants to work there."""
    assert start_folder(tmp_path) == tmp_path


def test_in_our_checkout_the_home_is_offered() -> None:
    """A learner's program must not land among our own files."""
    assert start_folder(CHECKOUT) == Path.home()
    assert start_folder(CHECKOUT / "docs") == Path.home()
