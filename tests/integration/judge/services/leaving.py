"""Ends in order, but leaves a child in a session of its own behind."""

import subprocess
import sys

from serving import serve

subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"], start_new_session=True)
serve()
