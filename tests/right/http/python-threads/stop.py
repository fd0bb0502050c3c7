"""The moment when the program is told to stop, for all threads to see."""

import os


class Stop:
    """A pipe whose end has come: every thread can wait for it together with its own socket."""

    def __init__(self):
        self.fd, self._writing = os.pipe()
        self.is_set = False

    def set(self):
        self.is_set = True
        os.close(self._writing)
