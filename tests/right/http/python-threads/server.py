"""An HTTP/1.1 server from sockets: a thread for each connection."""

import _thread
import os
import resource
import select
import signal
import socket
import sys
import threading
import time

from conversation import converse
from settings import WrongSetting, read_settings
from stop import Stop

BACKLOG = 4096
STACK_BYTES = 128 * 1024
MOST_CONNECTIONS = 8192
SPARE_DESCRIPTORS = 16  # for files that are being sent, when connections have taken all others
ACCEPT_AGAIN_S = 0.1
PATIENCE_S = 9.5
SWITCH_S = 0.0005  # how long a busy thread may keep the others from running


class Server:
    def __init__(self, settings):
        self.settings = settings
        self.stop = Stop()
        self.changed = threading.Condition()
        self.open = 0
        self.most = most_connections()
        self.listener = socket.create_server(("127.0.0.1", settings.port), backlog=BACKLOG)
        self.listener.setblocking(False)

    def accept_until_stopped(self):
        poll = select.poll()
        poll.register(self.listener, select.POLLIN)
        poll.register(self.stop.fd, select.POLLIN)
        while not self.stop.is_set:
            if self.room():
                poll.poll()
                self.accept()
        while self.open < self.most and self.accept():
            pass  # those that had come before the end
        self.listener.close()

    def room(self) -> bool:
        """Waits until there is a descriptor for another connection; those who come meanwhile wait in the kernel's queue."""
        with self.changed:
            self.changed.wait_for(lambda: self.open < self.most or self.stop.is_set, ACCEPT_AGAIN_S)
            return self.open < self.most

    def accept(self) -> bool:
        try:
            sock, _ = self.listener.accept()
        except BlockingIOError:
            return False
        except OSError:
            time.sleep(ACCEPT_AGAIN_S)  # nothing is left, or the client has gone again
            return False
        with self.changed:
            self.open += 1
        try:
            _thread.start_new_thread(self.serve, (sock,))
        except RuntimeError:
            self.end(sock)
        return True

    def serve(self, sock):
        try:
            converse(sock, self.settings, self.stop)
        finally:
            self.end(sock)

    def end(self, sock):
        sock.close()
        with self.changed:
            self.open -= 1
            self.changed.notify_all()

    def run(self):
        """Serves until SIGTERM, and then as long as a request is under way."""
        signals = {signal.SIGTERM, signal.SIGINT}
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # for all threads that come, too
        accepting = threading.Thread(target=self.accept_until_stopped, daemon=True)
        accepting.start()
        signal.sigwait(signals)
        until = time.monotonic() + PATIENCE_S
        self.stop.set()
        accepting.join(PATIENCE_S)
        with self.changed:
            self.changed.wait_for(lambda: self.open == 0, until - time.monotonic())


def most_connections() -> int:
    """Raises the limit of descriptors as far as it goes; how many connections that is enough for."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    used = len(os.listdir("/proc/self/fd"))
    return max(1, min(hard - used - SPARE_DESCRIPTORS, MOST_CONNECTIONS))


def main():
    try:
        settings = read_settings(os.environ)
    except WrongSetting as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    threading.stack_size(STACK_BYTES)
    sys.setswitchinterval(SWITCH_S)
    try:
        server = Server(settings)
    except OSError as error:
        print(f"PORT: {settings.port}: {error}", file=sys.stderr)
        sys.exit(1)
    server.run()
    os._exit(0)  # threads that are not done after all this time end with the program


if __name__ == "__main__":
    main()
