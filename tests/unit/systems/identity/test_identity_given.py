"""What people give: addresses and passwords."""

import pytest

from climb.systems.identity.given import new_password, plain_address, sought_address

LONGEST = "a" * (254 - len("@example.org")) + "@example.org"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("a@b.c", "a@b.c"),
        (" \tAda@Example.ORG\r\n", "ada@example.org"),
        ("!#$%&'*+/=?^_`{|}~.-@x-1.y-2.z", "!#$%&'*+/=?^_`{|}~.-@x-1.y-2.z"),
        (LONGEST, LONGEST),
        (f"  {LONGEST}  ", LONGEST),
    ],
)
def test_addresses_are_taken(text: str, address: str) -> None:
    """In lower case, without what is around them."""
    assert plain_address(text) == address
    assert sought_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["", "a", "@b.c", "a@b", "a@b.", "a@.c", "a@b..c", "a@@b.c", "a@b@c.d", "a b@c.d", "a@b_c.d", "é@b.c", "a@b.c\x0b",
     "a@b.c\n\u2028", "a\x00@b.c", "a@b.ç", "a" + LONGEST, "\u00a0a@b.c"],
)  # fmt: skip
def test_other_texts_are_no_addresses(text: str) -> None:
    """Each is refused with a word about why."""
    with pytest.raises(ValueError, match=r"has|is not"):
        plain_address(text)


def test_only_ascii_has_two_cases() -> None:
    """The Kelvin sign in lower case is the letter k, and somebody else's address."""
    assert sought_address("\u212aate@example.org") != "kate@example.org"


@pytest.mark.parametrize("password", ["x" * 10, "x" * 256, "пароль пароль", "  spaces  ", "🔑" * 10, "\ttabs and\n"])
def test_passwords_are_taken_as_they_are(password: str) -> None:
    """Nothing is cut off or changed."""
    assert new_password(password) == password


@pytest.mark.parametrize("password", ["", "x" * 9, "x" * 257, "🔑" * 9, "password123", "1234567890", "qwertyuiop"])
def test_other_texts_are_no_passwords(password: str) -> None:
    """Too short, too long, or what everybody tries first."""
    with pytest.raises(ValueError, match=r"expected|everybody"):
        new_password(password)
