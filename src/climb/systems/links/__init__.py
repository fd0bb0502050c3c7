"""A link shortener on a database and a cache: what may be stale, for how long, and what happens when a part is missing."""
