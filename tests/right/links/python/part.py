"""A part that may go away: it is not asked again and again, and found again when it is back."""

import asyncio

PROBE_S = 0.2


class Part:
    def __init__(self, ping):
        self.ping = ping
        self.away = False
        self.back = []  # what is done when it is back

    async def watch(self):
        while True:
            await asyncio.sleep(PROBE_S)
            if self.away and await self.answers():
                self.away = False
                for work in self.back:
                    await work()

    async def answers(self, **patience) -> bool:
        try:
            await self.ping(**patience)
        except Exception:
            return False
        return True
