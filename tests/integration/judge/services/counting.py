"""Writes the number of its start to its folder, and answers with it: what is on the disk outlives it."""

import os
from pathlib import Path

from serving import serve

path = Path(os.environ["DATA_DIR"], "starts")
starts = int(path.read_text()) + 1 if path.exists() else 1
path.write_text(str(starts))
serve(lambda _path: (200, str(starts).encode()))
