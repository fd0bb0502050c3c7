"""ETags and the conditions that name them (RFC 9110, 13)."""


def tag_of(row) -> str:
    return f'"{row["version"]}"'


def names(condition: str, tag: str, *, weak: bool) -> bool:
    tags = [given.strip() for given in condition.split(",")]
    if weak:
        tags = [given.removeprefix("W/") for given in tags]
    return "*" in tags or tag in tags
