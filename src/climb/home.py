"""``CLIMB_HOME``: where we keep what belongs to the learner and to no submission.

folders.txt      where submissions are, one path a line: only so that their runs can be found
answers.jsonl    the answers given to the concepts' questions, oldest first
journal/         the entries, as Markdown files
labs/<slug>/     results of labs
reference/       runs of our own systems
index.sqlite     made from all of the above, and from nothing else; may be deleted
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["home_folder"]


def home_folder() -> Path:
    """Where we keep what belongs to no submission: ``CLIMB_HOME``, by default ``~/.climb``."""
    return Path(os.environ.get("CLIMB_HOME") or Path.home() / ".climb")
