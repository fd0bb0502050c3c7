"""Not ready before half a second has passed."""

import time

from serving import serve

time.sleep(0.5)
serve()
