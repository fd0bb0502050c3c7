"""The text in the data of a QR code: segments of digits, of a few signs, or of bytes (ISO/IEC 18004, 7.4)."""

from __future__ import annotations

from climb.projects.links.rules.qr.wrong import NoCode

__all__ = ["text_in"]

_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_END, _DIGITS, _LETTERS, _BYTES, _CHARACTER_SET = 0, 1, 2, 4, 7
_COUNT_BITS = {_DIGITS: (10, 12, 14), _LETTERS: (9, 11, 13), _BYTES: (8, 16, 16)}


class _Bits:
    """Numbers from a row of bits."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data)
        self.left = len(data) * 8

    def take(self, count: int) -> int:
        """The next bits as a number."""
        if count > self.left:
            raise NoCode("the data end in the middle of a segment")
        self.left -= count
        return self._value >> self.left & (1 << count) - 1


def text_in(data: bytes, version: int) -> str:
    """All segments together. Raises NoCode for a kind that no address needs."""
    bits, text = _Bits(data), b""
    size = 0 if version < 10 else 1 if version < 27 else 2
    while bits.left >= 4 and (kind := bits.take(4)) != _END:
        if kind == _CHARACTER_SET:
            _skip_character_set(bits)
            continue
        if kind not in _COUNT_BITS:
            raise NoCode(f"a segment of mode {kind:04b}, which the text of an address does not need")
        count = bits.take(_COUNT_BITS[kind][size])
        text += {_DIGITS: _digits, _LETTERS: _letters, _BYTES: _bytes}[kind](bits, count)
    return text.decode(errors="backslashreplace")


def _skip_character_set(bits: _Bits) -> None:
    """Its number has one, two or three bytes; an address is ASCII in all of the sets that matter."""
    first = bits.take(8)
    bits.take(0 if first < 0x80 else 8 if first < 0xC0 else 16)


def _digits(bits: _Bits, count: int) -> bytes:
    sizes = [3] * (count // 3) + ([count % 3] if count % 3 else [])
    return "".join(f"{bits.take((0, 4, 7, 10)[size]):0{size}}" for size in sizes).encode()


def _letters(bits: _Bits, count: int) -> bytes:
    pairs = [divmod(bits.take(11), 45) for _ in range(count // 2)]
    places = [place for pair in pairs for place in pair] + ([bits.take(6)] if count % 2 else [])
    if any(place >= len(_SIGNS) for place in places):
        raise NoCode("a segment of signs has one that does not exist")
    return "".join(_SIGNS[place] for place in places).encode()


def _bytes(bits: _Bits, count: int) -> bytes:
    return bytes(bits.take(8) for _ in range(count))
