"""GET /crash ends it by a signal; GET /leave ends it with exit code 0."""

import os
import signal
import sys
import time

from serving import serve


def answer(path: str) -> tuple[int, bytes]:
    if path == "/crash":
        print("about to crash", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
        time.sleep(600)  # the signal may reach another thread first
    if path == "/leave":
        os._exit(0)
    return 200, b"{}"


serve(answer)
