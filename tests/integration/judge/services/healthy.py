"""Ready at once, and ends in order; GET /env/NAME answers with a variable."""

import os

from serving import serve

serve(lambda path: (200, os.environ.get(path.removeprefix("/env/"), "not set").encode()))
