"""``CLIMB_HOME``: where we keep what belongs to the learner and to no submission.

folders.txt      where submissions are, one path a line: only so that their runs can be found
answers.jsonl    the answers given to the concepts' questions, oldest first
journal/         the entries, as Markdown files
labs/<slug>/     results of labs
reference/       runs of our own systems
infra/           servers that stay (climb infra): their data, passwords and logs
cache/           machine code of our systems, and what benchmarks install; may be deleted
index.sqlite     made from all of the above, and from nothing else; may be deleted
"""

from __future__ import annotations

import os
from pathlib import Path

from climb.errors import SetupError

__all__ = ["home_folder"]


def home_folder() -> Path:
    """Where we keep what belongs to no submission: ``CLIMB_HOME``, by default ``~/.climb``; it need not exist yet.

    Raises SetupError if it is there and may not be looked at.
    """
    try:
        home = Path(os.environ.get("CLIMB_HOME") or Path.home() / ".climb").absolute()
        os.scandir(home).close()
    except FileNotFoundError:
        return home
    except (OSError, RuntimeError) as error:  # a RuntimeError if this user has no home folder
        raise SetupError(
            f"CLIMB_HOME can't be read: {error}", next_step="set CLIMB_HOME to a folder of yours"
        ) from error
    return home
