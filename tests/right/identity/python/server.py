"""The identity service: starts, waits for its database, serves, and ends in order."""

import asyncio
import contextlib
import os
import signal
import sys

import uvicorn

import accounts
from database import Database
from guessing import Guessing
from hashing import Line
from http_app import build
from keys import Keys
from measuring import Metrics
from messages import Messages
from problem import Unavailable
from settings import WrongSetting, read_settings

AGAIN_S = 0.3
PATIENCE_S = 8
BACKLOG = 2048


class App:
    def __init__(self, settings):
        self.settings = settings
        self.started = False
        self.metrics = Metrics()
        self.line = Line()
        self.database = Database(settings.database_url)
        self.keys = Keys(self.database, settings)
        self.messages = Messages(self.database, settings)
        self.guessing = Guessing(self.database, settings)

    async def start(self):
        """Until the database is there, and has what is needed."""
        while not self.started:
            try:
                await self.database.make_tables()
                await self.keys.make_first()
                await accounts.make_admin(self)
                self.started = True
            except Unavailable:
                await asyncio.sleep(AGAIN_S)
        await asyncio.gather(self.keys.follow(), self.messages.post_all())


async def serve(app):
    await app.database.open()
    config = uvicorn.Config(
        build(app),
        host="127.0.0.1",
        port=app.settings.port,
        backlog=BACKLOG,
        log_level="error",
        access_log=False,
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=PATIENCE_S,
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # it would end by the signal, and not with code 0
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, lambda: setattr(server, "should_exit", True))
    work = asyncio.create_task(app.start())
    work.add_done_callback(lambda task: task.cancelled() or setattr(server, "should_exit", True))
    await server.serve()
    work.cancel()


def main():
    try:
        settings = read_settings(os.environ)
    except WrongSetting as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    asyncio.run(serve(App(settings)))
    sys.stdout.flush()
    os._exit(0)  # hashes that nobody waits for any more end with the program


if __name__ == "__main__":
    main()
