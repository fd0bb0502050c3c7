"""A link shortener: puts its parts together, and runs until SIGTERM."""

import asyncio
import contextlib
import signal

import uvicorn
from app import App
from cache import Cache
from database import Database
from following import Following
from journal import Journal
from keyset import KeySet
from settings import Settings


class Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self):
        """An end that was asked for is no failure: the exit code is 0."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.handle_exit, signal.SIGTERM, None)
        yield


async def main():
    settings = Settings.read()
    database = Database(settings.database_url)
    cache = Cache(settings.cache_url)
    journal = Journal(settings.data_dir, database)
    following = Following(database, cache, settings.stale_s)
    app = App(settings, database, cache, following, journal, KeySet(settings.jwks_url))
    await database.open()
    tasks = [asyncio.create_task(work()) for work in (database.run, cache.run, journal.run)]
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=settings.port,
        lifespan="off",
        log_level="warning",
        access_log=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=8,
        backlog=4096,
    )
    await Server(config).serve()
    for task in tasks:
        task.cancel()
    await journal.flush_at_the_end()


asyncio.run(main())
