"""What a program stands on in a check: a real database and a real cache, which the judge can look into, cut off and kill.

database = await world.database()
running = await service.start({"DATABASE_URL": database.url, ...})
rows = await database.rows("SELECT count(*) AS n FROM links")
async with Injecting(database.place, recorder) as faults:
    await faults.inject(Cut())

They come from the world, and end with it. Nothing of this is loaded before a check asks for one.
"""

from climb.judge.dependencies.cache import Cache
from climb.judge.dependencies.database import Database
from climb.judge.dependencies.search import Found

__all__ = ["Cache", "Database", "Found"]
