"""What a QR code says, from its modules. It must be as it was encoded: each pattern, each codeword, those of error correction too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from climb.projects.links.rules.qr.field import correction
from climb.projects.links.rules.qr.segments import text_in
from climb.projects.links.rules.qr.tables import BLOCKS, CORRECTION, LEVELS, aligned_at, codewords
from climb.projects.links.rules.qr.wrong import NoCode

__all__ = ["text_of"]

Modules = Sequence[Sequence[bool]]  # by row, then by column; true is dark

_MASKS = (
    lambda y, x: (y + x) % 2,
    lambda y, _: y % 2,
    lambda _, x: x % 3,
    lambda y, x: (y + x) % 3,
    lambda y, x: (y // 2 + x // 3) % 2,
    lambda y, x: y * x % 2 + y * x % 3,
    lambda y, x: (y * x % 2 + y * x % 3) % 2,
    lambda y, x: ((y + x) % 2 + y * x % 3) % 2,
)


def text_of(modules: Modules) -> str:
    """The text. Raises NoCode, with the place, if the symbol breaks a rule of the standard."""
    version = (len(modules) - 17) // 4
    fixed = _patterns(version)
    for (y, x), dark in fixed.items():
        if modules[y][x] is not dark:
            raise NoCode(
                f"the module in row {y + 1}, column {x + 1} belongs to a fixed pattern, and has the wrong colour"
            )
    level, mask = _format(modules)
    reserved = fixed.keys() | set(_format_places(len(modules))[0]) | set(_format_places(len(modules))[1])
    bits = [modules[y][x] ^ (not _MASKS[mask](y, x)) for y, x in _path(len(modules)) if (y, x) not in reserved]
    words = [_number(bits[at : at + 8]) for at in range(0, len(bits) - 7, 8)][: codewords(version)]
    return text_in(_data(words, version, level), version)


def _number(bits: Sequence[bool]) -> int:
    return sum(bit << place for place, bit in enumerate(reversed(bits)))


# --- patterns ---


def _patterns(version: int) -> dict[tuple[int, int], bool]:
    """All modules whose colour is the same in each symbol of this version."""
    size = version * 4 + 17
    fixed: dict[tuple[int, int], bool] = {}
    for at in range(size):
        fixed[6, at] = fixed[at, 6] = at % 2 == 0
    for row, column in ((3, 3), (3, size - 4), (size - 4, 3)):
        for y in range(-4, 5):
            for x in range(-4, 5):
                if 0 <= row + y < size and 0 <= column + x < size:
                    fixed[row + y, column + x] = max(abs(y), abs(x)) not in (2, 4)
    centres = aligned_at(version)
    corners = {(6, 6), (6, size - 7), (size - 7, 6)}
    for row, column in ((row, column) for row in centres for column in centres if (row, column) not in corners):
        for y in range(-2, 3):
            for x in range(-2, 3):
                fixed[row + y, column + x] = max(abs(y), abs(x)) != 1
    fixed[size - 8, 8] = True
    return fixed | _version_information(version)


def _version_information(version: int) -> dict[tuple[int, int], bool]:
    """Twice 18 bits, from version 7 on (7.10)."""
    if version < 7:
        return {}
    size, bits = version * 4 + 17, version << 12 | _remainder(version << 12, 0x1F25)
    found = {}
    for at in range(18):
        dark = bool(bits >> at & 1)
        found[size - 11 + at % 3, at // 3] = found[at // 3, size - 11 + at % 3] = dark
    return found


def _remainder(value: int, divisor: int) -> int:
    """Of polynomials over two elements."""
    while value.bit_length() >= divisor.bit_length():
        value ^= divisor << value.bit_length() - divisor.bit_length()
    return value


# --- format ---


def _format(modules: Modules) -> tuple[str, int]:
    """The level of error correction, and the mask (7.9)."""
    known = {(value << 10 | _remainder(value << 10, 0x537)) ^ 0x5412: value for value in range(32)}
    copies = [_number([modules[y][x] for y, x in places]) for places in _format_places(len(modules))]
    if copies[0] != copies[1] or copies[0] not in known:
        raise NoCode(
            f"the two copies of the format information are {copies[0]:015b} and {copies[1]:015b}, which is not twice the same valid one"
        )
    value = known[copies[0]]
    return LEVELS[value >> 3], value & 7


def _format_places(size: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Where the 15 bits are, twice, the highest one first."""
    first = [(8, x) for x in (0, 1, 2, 3, 4, 5, 7, 8)] + [(y, 8) for y in (7, 5, 4, 3, 2, 1, 0)]
    second = [(size - 1 - at, 8) for at in range(7)] + [(8, size - 8 + at) for at in range(8)]
    return first, second


# --- codewords ---


def _path(size: int) -> Iterator[tuple[int, int]]:
    """All modules in the order of the bits: two columns at a time from the right, up and down in turn (7.7.3)."""
    columns = [*range(size - 1, 6, -2), *range(5, 0, -2)]
    for turn, right in enumerate(columns):
        rows = range(size) if turn % 2 else range(size - 1, -1, -1)
        for y in rows:
            yield y, right
            yield y, right - 1


def _data(words: Sequence[int], version: int, level: str) -> bytes:
    """The codewords of data in order; those of error correction must belong to them (7.6)."""
    count, extra = BLOCKS[level][version - 1], CORRECTION[level][version - 1]
    total = codewords(version) - count * extra
    lengths = [total // count + (number >= count - total % count) for number in range(count)]
    blocks: list[list[int]] = [[] for _ in lengths]
    rest = iter(words)
    for place in range(max(lengths)):
        for block, length in zip(blocks, lengths, strict=True):
            if place < length:
                block.append(next(rest))
    ends: list[list[int]] = [[] for _ in lengths]
    for _ in range(extra):
        for end in ends:
            end.append(next(rest))
    for number, (block, end) in enumerate(zip(blocks, ends, strict=True), 1):
        if bytes(end) != correction(block, extra):
            raise NoCode(
                f"in block {number} of {count} the codewords of error correction (level {level}) do not belong to those of data"
            )
    return bytes(word for block in blocks for word in block)
