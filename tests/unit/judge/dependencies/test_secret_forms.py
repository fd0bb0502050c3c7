"""The forms in which a secret is looked for."""

import base64
import hashlib

import pytest

from climb.judge.dependencies.search import forms

RANDOM = bytes(number * 167 % 256 for number in range(5, 29))  # its base64 has a letter in which the alphabets differ


@pytest.mark.parametrize("spelled", [RANDOM.hex(), base64.urlsafe_b64encode(RANDOM).decode().rstrip("="), base64.b64encode(RANDOM).decode()])  # fmt: skip
def test_the_number_that_a_secret_spells(spelled: str) -> None:
    """Bytes that the program spells for its clients give the secret away as they are, and in hexadecimal digits."""
    assert {spelled.encode(), RANDOM, RANDOM.hex().encode()} <= forms(spelled)


def test_spellings_of_a_secret() -> None:
    """Hexadecimal digits of either case and both alphabets of base64 are found."""
    secret = "a secret of somebody?>"
    encoded = secret.encode()

    assert {
        encoded.hex().encode(),
        encoded.hex().upper().encode(),
        base64.b64encode(encoded).rstrip(b"="),
        base64.urlsafe_b64encode(encoded).rstrip(b"="),
    } <= forms(secret)


def test_a_secret_inside_of_json() -> None:
    """Characters that JSON writes otherwise are looked for as JSON writes them."""
    written = {'pass"wörd', 'pass\\"w\\u00f6rd', 'pass\\"wörd'}

    assert {each.encode() for each in written} <= forms('pass"wörd')


def test_short_forms_are_left_out() -> None:
    """What is so short that it is found by chance is only looked for as it is."""
    assert forms("aBc=") == {b"aBc=", *(form for form in forms("aBc=") if len(form) >= 8)}


def test_a_hash_is_no_form() -> None:
    """A hashed secret is none of the forms."""
    assert not forms("correct horse battery") & {
        hashlib.sha256(b"correct horse battery").digest(),
        hashlib.sha256(b"correct horse battery").hexdigest().encode(),
    }
