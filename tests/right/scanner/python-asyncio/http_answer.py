"""Asks for a front page, and makes the best of what comes back: half an answer counts, too."""

import re

TITLE = re.compile(rb"<title(?:[\s/][^>]{0,2000})?>", re.IGNORECASE)
END_OF_TITLE = re.compile(rb"</title", re.IGNORECASE)
STATUS_LINE = re.compile(rb"HTTP/\d+(?:\.\d+)? +(\d{3})(?=[ \r\n]|$)")
MARKS = re.compile(rb"\r\n\r\n|\n\n|</title", re.IGNORECASE)  # what may complete an answer


async def ask(channel, host, port):
    """The field `http`, or None if the answer is not HTTP."""
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    request = f"GET / HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: scanner\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    try:
        await channel.send(request.encode())
    except OSError:
        return None
    return await read_answer(channel, b"")


async def read_answer(channel, heard):
    heard = bytearray(heard)
    wanted = float("inf")  # how many bytes make the answer whole, once its headers told
    try:
        while more := await channel.receive():
            fresh = max(0, len(heard) - len("</title"))  # a mark may have begun earlier
            heard += more
            if not heard.startswith(b"HTTP/"[: len(heard)]):
                return None
            if len(heard) >= wanted or MARKS.search(heard, fresh):
                answer = Answer(bytes(heard))
                if answer.ended or answer.title is not None:
                    break
                wanted = answer.length
    except OSError:
        pass  # the time is over or the server is gone; what was heard stands
    answer = Answer(bytes(heard))
    if answer.status is None:
        return None
    return {
        "status": answer.status,
        "server": answer.headers.get("server"),
        "title": answer.title,
        "location": answer.headers.get("location"),
    }


class Answer:
    """A response, or the beginning of one."""

    def __init__(self, raw):
        self.status, self.headers, self.body, self.ended, self.length = None, {}, b"", False, float("inf")
        match = STATUS_LINE.match(raw)
        if not match:
            return
        self.status = int(match[1])
        end = self.read_headers(raw)
        if not end:
            return
        if 100 <= self.status < 200 and self.status != 101 and STATUS_LINE.match(raw, end):
            self.__init__(raw[end:])  # an interim response: the real one follows
        else:
            self.unwrap(raw[end:], end)

    def read_headers(self, raw):
        """Returns where the body begins, or 0. Takes whole lines only: half a header would be a wrong value."""
        position = raw.find(b"\n") + 1
        while position and (end := raw.find(b"\n", position) + 1):
            line = raw[position:end].strip()
            if not line:
                return end
            name, _, value = line.decode(errors="replace").partition(":")
            self.headers.setdefault(name.strip().lower(), value.strip())
            position = end
        return 0

    def unwrap(self, body, offset):
        length = self.headers.get("content-length", "")
        if self.status in (204, 304):
            self.ended = True
        elif "chunked" in self.headers.get("transfer-encoding", "").lower():
            self.body, self.ended = dechunk(body)
        elif re.fullmatch("[0-9]{1,9}", length):
            self.body, self.ended = body[: int(length)], len(body) >= int(length)
            self.length = offset + int(length)
        else:
            self.body = body

    @property
    def title(self):
        begin = TITLE.search(self.body)
        end = begin and END_OF_TITLE.search(self.body, begin.end())
        if not end:
            return None
        return " ".join(self.body[begin.end() : end.start()].decode(errors="replace").split())


def dechunk(body):
    """The plain body as far as it is there, and whether that is all. A chunk that makes no sense is the end."""
    plain, position = bytearray(), 0
    while end := body.find(b"\n", position) + 1:
        size = re.match(rb"\s*([0-9a-fA-F]{1,16})", body[position:end])
        if not size or int(size[1], 16) == 0:
            return bytes(plain), True
        position = end + int(size[1], 16)
        plain += body[end:position]
        if position > len(body):
            break
        position += 2 if body.startswith(b"\r\n", position) else 1
    return bytes(plain), False
