"""Preconditions, in the order of RFC 9110, 13.2.2."""

import re

from dates import read_date

TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
TAGS = re.compile(rf"[ \t,]*{TAG}(?:[ \t]*,[ \t,]*{TAG})*[ \t,]*")


def verdict(fields, tag, modified_s):
    """304 or 412, or None if the request is to be served."""
    if_match = fields.get("if-match")
    if if_match is not None:
        if not matches_strongly(if_match, tag):
            return 412
    elif (since := date_of(fields, "if-unmodified-since")) is not None and modified_s > since:
        return 412
    if_none_match = fields.get("if-none-match")
    if if_none_match is not None:
        if matches_weakly(if_none_match, tag):
            return 304
    elif (since := date_of(fields, "if-modified-since")) is not None and modified_s <= since:
        return 304
    return None


def tags_in(text) -> list:
    """The tags of a list; they may contain commas. What is no list has none."""
    return re.findall(TAG, text) if TAGS.fullmatch(text) else []


def matches_strongly(text, tag) -> bool:
    return text == "*" or tag in tags_in(text)


def matches_weakly(text, tag) -> bool:
    return text == "*" or tag in [other.removeprefix("W/") for other in tags_in(text)]


def date_of(fields, name):
    text = fields.get(name)
    return None if text is None else read_date(text)
