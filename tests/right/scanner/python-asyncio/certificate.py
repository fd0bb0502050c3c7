"""The few fields we want of an X.509 certificate, found by a walk through its DER encoding.

Module ssl parses only certificates that it verified, and we verify none.
"""

COMMON_NAME = bytes([0x55, 4, 3])
SUBJECT_ALT_NAME = bytes([0x55, 29, 17])
DNS_NAME = 0x82
VERSION, EXTENSIONS = 0xA0, 0xA3
UTC_TIME = 0x17
ENCODINGS = {0x1C: "utf-32-be", 0x1E: "utf-16-be"}  # UniversalString, BMPString; UTF-8 covers the others in use


def describe(der):
    fields = {"subject": None, "issuer": None, "not_after": None}
    try:
        to_be_signed = children(children(children(der)[0][1])[0][1])
        if to_be_signed[0][0] == VERSION:
            del to_be_signed[0]
        _serial, _algorithm, issuer, validity, subject = (content for _, content in to_be_signed[:5])
        extensions = [content for tag, content in to_be_signed if tag == EXTENSIONS]
        fields["issuer"] = common_name(issuer)
        fields["subject"] = common_name(subject) or first_dns_name(extensions)
        fields["not_after"] = timestamp(*children(validity)[1])
    except (IndexError, ValueError, TypeError):
        pass  # a hostile or broken certificate: what was found until here stands
    return fields


def children(der):
    """The elements in der as (tag, content)."""
    found, position = [], 0
    while position < len(der):
        tag, length = der[position], der[position + 1]
        position += 2
        if length & 0x80:  # the length itself takes several bytes
            size = length & 0x7F
            length = int.from_bytes(der[position : position + size], "big")
            position += size
        found.append((tag, der[position : position + length]))
        position += length
    return found


def common_name(name):
    for _, relative in children(name):
        for _, attribute in children(relative):
            (_, kind), (tag, value) = children(attribute)
            if kind == COMMON_NAME:
                return value.decode(ENCODINGS.get(tag, "utf-8"), errors="replace")
    return None


def first_dns_name(extensions):
    for block in extensions:
        for _, extension in children(children(block)[0][1]):
            (_, kind), *_, (_, wrapped) = children(extension)
            if kind == SUBJECT_ALT_NAME:
                for tag, value in children(children(wrapped)[0][1]):
                    if tag == DNS_NAME:
                        return value.decode("ascii", errors="replace")
    return None


def timestamp(tag, content):
    digits = content.decode("ascii").removesuffix("Z")
    if tag == UTC_TIME:  # two digits of the year; 50 and above are the last century
        digits = ("19" if digits >= "50" else "20") + digits
    year, month, day, hour, minute, second = digits[:4], *(digits[i : i + 2] for i in range(4, 14, 2))
    return f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}Z"
