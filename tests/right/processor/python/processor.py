"""A concurrent data processor: readings of many sensors come in, and what each window of time held goes out."""

import asyncio
import os
import signal
import sys

from api import Api
from http_server import HttpServer
from ingest import IngestServer
from log import OtherWindows, check_windows
from service import Service
from settings import WrongSetting, read_settings


def main():
    try:
        settings = read_settings(os.environ)
        check_windows(settings)
    except (WrongSetting, OtherWindows) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    asyncio.run(run(settings))


async def run(settings):
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    service = Service(settings)
    await service.start()
    ingest = IngestServer(service, settings.ingest_port)
    api = Api(service)
    http = HttpServer(settings.port, api.handle, api.stream)
    ingest.listen()
    await http.listen()
    await stop.wait()
    await asyncio.gather(ingest.stop(), http.stop())
    await service.stop()


if __name__ == "__main__":
    main()
