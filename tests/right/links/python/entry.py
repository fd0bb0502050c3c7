"""A copy of a link, as memory and cache have it."""

import json
import time
from typing import NamedTuple


class Entry(NamedTuple):
    as_of: float  # when it was true for certain
    version: int  # 0: there is no such link
    url: str = ""
    expires_at: float | None = None
    deleted: bool = False

    @classmethod
    def of(cls, row, as_of: float):
        if row is None:
            return cls(as_of, 0)
        ends = row["expires_at"]
        return cls(as_of, row["version"], row["url"], ends and ends.timestamp(), row["deleted_at"] is not None)

    @property
    def gone(self) -> bool:
        return self.deleted or (self.expires_at is not None and time.time() >= self.expires_at)

    def text(self) -> str:
        return json.dumps(self)

    @classmethod
    def read(cls, text: str):
        return cls(*json.loads(text))
