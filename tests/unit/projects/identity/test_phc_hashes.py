"""Hashes of passwords as they are found in a database."""

from __future__ import annotations

import argon2

from climb.projects.identity.rules.phc import faults_of, found_in

GOOD = argon2.PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1)


def test_a_hash_of_the_library_is_found_in_any_text() -> None:
    """With what is around it, such as JSON."""
    said = GOOD.hash("correct horse battery")

    (found,) = found_in(f'{{"hash": "{said}", "n": 1}}')

    assert found.text == said
    assert found.parameters == {"m": 19_456, "t": 2, "p": 1}
    assert (len(found.salt), found.size) == (16, 32)
    assert faults_of(found) == []


def test_what_is_too_cheap_is_told() -> None:
    """Memory, passes, the variant, each by itself."""
    said = argon2.PasswordHasher(memory_cost=8_192, time_cost=1, parallelism=1, type=argon2.Type.I).hash("x" * 10)

    (found,) = found_in(said)

    assert len(faults_of(found)) == 3
    assert "m=8192" in "; ".join(faults_of(found))


def test_other_texts_are_none() -> None:
    """Neither bcrypt nor half of a hash."""
    assert found_in("$2b$12$abcdefghijklmnopqrstuv $argon2id$v=19$m=19456") == []
