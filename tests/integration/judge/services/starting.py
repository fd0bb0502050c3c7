"""Answers 503 until the file "ready" is in its folder."""

import os
from pathlib import Path

from serving import serve

serve(lambda _path: (200 if Path(os.environ["DATA_DIR"], "ready").exists() else 503, b""))
