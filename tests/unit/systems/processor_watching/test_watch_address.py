"""Which addresses are asked: those of this machine, and no other, however they are written."""

import pytest

from climb.systems.processor.pipeline.errors import EdgeError
from climb.systems.processor.watching.address import USUAL, Address, read_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("http://127.0.0.1:7070", Address("127.0.0.1", 7070)),
        ("http://127.0.0.1:7070/", Address("127.0.0.1", 7070)),
        (" 127.8.9.10:80 ", Address("127.8.9.10", 80)),
        ("127.0.0.1", Address("127.0.0.1", USUAL.port)),
        ("8080", Address("127.0.0.1", 8080)),
        ("localhost:81", Address("127.0.0.1", 81)),
        ("http://[::1]:82", Address("::1", 82)),
    ],
)
def test_an_address_of_this_machine_is_taken(text: str, address: Address) -> None:
    """As an address in the browser, as host and port, or as a port alone."""
    assert read_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        *("10.0.0.1:80", "0.0.0.0:80", "128.0.0.1", "169.254.169.254", "255.255.255.255:1", "[::]:80", "[fe80::1]:80"),
        *("[::ffff:10.0.0.1]:80", "[::ffff:127.0.0.1]:80", "example.org", "localhost.example.org:80", "127.0.0.1.nip.io"),
        *("2130706433:80", "0x7f000001:80", "127.1:80", "0177.0.0.1:80", "127.0.0.01:80"),
        *("http://user@127.0.0.1:80", "http://127.0.0.1:80@10.0.0.1", "http://127.0.0.1:80/x", "http://127.0.0.1:80?x"),
        *("https://127.0.0.1:80", "file:///etc/passwd", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:٧٠٧٠", ""),
        *("127.0.0.1:80\r\nx: y", "127.0.0.1:80 x", "[::1%lo]:80", "1:" * 200),
    ],
)  # fmt: skip
def test_any_other_is_refused(text: str) -> None:
    """Other machines, names that would have to be looked up, other spellings of numbers, and what is no address."""
    with pytest.raises(EdgeError):
        read_address(text)


@pytest.mark.parametrize(("address", "text"), [(USUAL, "http://127.0.0.1:7070"), (Address("::1", 9), "http://[::1]:9")])
def test_an_address_is_written_as_the_browser_has_it(address: Address, text: str) -> None:
    """And read again from that."""
    assert str(address) == text
    assert read_address(text) == address
