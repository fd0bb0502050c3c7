"""A network scanner with plain blocking sockets: as many threads as connections may be open.

An open port is asked three questions, each on a connection of its own: do you speak first? do you speak HTTP? do you
speak TLS? The first good answer settles it.
"""

import argparse
import errno
import ipaddress
import json
import os
import re
import socket
import ssl
import sys
import threading
import time
from dataclasses import asdict, dataclass
from itertools import pairwise

READ_LIMIT = 65536
BANNER_SHARE = 0.35  # how long we listen for a banner, as a part of the timeout
SHORTAGE = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}


@dataclass
class Result:
    host: str
    port: int
    state: str = "filtered"
    rtt_ms: float | None = None
    service: str | None = None
    banner: str | None = None
    http: dict | None = None
    tls: dict | None = None


# --- the command line -------------------------------------------------------------------------------------------------


def port_list(text):
    ports = {}
    for part in text.split(","):
        match = re.fullmatch(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", part)
        low, high = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= low <= high <= 65535:
            raise argparse.ArgumentTypeError(f"{part!r} is neither a port nor a range of ports")
        ports |= dict.fromkeys(range(low, high + 1))
    return list(ports)


def seconds(text):
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError
    return min(value, threading.TIMEOUT_MAX / 2)


def positive(text):
    if not re.fullmatch("[0-9]{1,15}", text) or int(text) == 0:
        raise ValueError
    return int(text)


def arguments():
    # Without abbreviations: --conc is an unknown option. argparse itself exits with 2.
    parser = argparse.ArgumentParser(prog="scanner", allow_abbrev=False)
    parser.add_argument("targets", nargs="+", type=addresses, metavar="TARGET")
    parser.add_argument("--ports", type=port_list, default="80,443,8000,8008,8080,8081,8443,8888", metavar="LIST")
    parser.add_argument("--timeout", type=seconds, default=1.0, metavar="S")
    parser.add_argument("--concurrency", type=positive, default=100, metavar="N")
    parser.add_argument("--rate", type=positive, metavar="N")
    parser.add_argument("--all", action="store_true")
    return parser.parse_intermixed_args()


def addresses(word):
    """A target as (name or None, a sequence of addresses)."""
    try:
        if re.fullmatch(r"[^/%]+(/[0-9]{1,3})?", word) and (":" in word or re.fullmatch("[0-9./]+", word)):
            return None, ipaddress.ip_network(word, strict=False)
        if match := re.fullmatch(r"((?:[0-9]+\.){3})([0-9]+)-([0-9]+)", word):
            ends = [ipaddress.ip_address(match[1] + octet) for octet in match.groups()[1:]]
            return None, [ends[0] + step for step in range(int(ends[1]) - int(ends[0]) + 1)] or refuse(word)
        if re.fullmatch("[0-9./-]*", word):
            refuse(word)  # a resolver might make an address of it, as it does of 127.1
        return word, [ipaddress.ip_address(socket.getaddrinfo(word, None)[0][4][0])]
    except (ValueError, OSError) as error:
        raise argparse.ArgumentTypeError(f"{word!r} is no target: {error}") from None


def refuse(word):
    raise ValueError(f"{word!r} does not name an address")


def every_host(targets):
    """(address, what to call it), each address once."""
    done = []
    for name, block in targets:
        for address in block:
            if not any(address in earlier for earlier in done):
                yield str(address), name or str(address)
        done.append(block)


# --- connections ------------------------------------------------------------------------------------------------------


class Pace:
    """Keeps starts at least 1/rate apart, so no second can hold more than the rate."""

    def __init__(self, rate):
        self.gap, self.last, self.line = 1 / rate if rate else 0, 0.0, threading.Lock()

    def wait(self):
        if self.gap:
            with self.line:
                time.sleep(max(0.0, self.last + self.gap - time.monotonic()))
                self.last = time.monotonic()


class Wire:
    """A socket with a deadline and a limit of bytes."""

    def __init__(self, sock, closed, start, timeout):
        self.sock, self.closed, self.start, self.timeout, self.left = sock, closed, start, timeout, READ_LIMIT

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()
        with self.closed:
            self.closed.notify()

    def arm(self, share=1.0):
        remaining = self.start + share * self.timeout - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        self.sock.settimeout(remaining)

    def recv(self, share=1.0):
        self.arm(share)
        data = self.sock.recv(self.left) if self.left else b""
        self.left -= len(data)
        return data

    def send(self, data):
        self.arm()
        self.sock.sendall(data)


class TLSWire:
    """TLS in memory on top of a wire. A wrapped socket would read past the limit where we can't see it."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.set_alpn_protocols(["h2", "http/1.1"])

    def __init__(self, wire, name):
        self.wire, self.inbox, self.outbox = wire, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = self.context.wrap_bio(self.inbox, self.outbox, server_hostname=name)
        self.do(self.tls.do_handshake)

    def do(self, step, *args):
        while True:
            try:
                outcome = step(*args)
            except ssl.SSLWantReadError:
                self.flush()
            else:
                self.flush()
                return outcome
            data = self.wire.recv()
            self.inbox.write(data) if data else self.inbox.write_eof()

    def flush(self):
        if self.outbox.pending:
            self.wire.send(self.outbox.read())

    def recv(self):
        return self.do(self.tls.read, READ_LIMIT)

    def send(self, data):
        self.do(self.tls.write, data)


class Dialer:
    def __init__(self, timeout, rate):
        self.timeout, self.pace = timeout, Pace(rate)
        self.closed = threading.Condition()

    def dial(self, address, port):
        """(wire or None, state, seconds). Waits as long as the system has no socket to give."""
        while True:
            try:
                return self.attempt(address, port)
            except OSError as error:
                if error.errno not in SHORTAGE:
                    return None, "filtered", 0.0
            with self.closed:
                self.closed.wait(0.5)  # until one of ours closes; a look now and then, should others hold them all

    def attempt(self, address, port):
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        wire = None
        try:
            self.pace.wait()
            start = time.monotonic()
            sock.settimeout(self.timeout)
            state = self.knock(sock, address, port)
            took = time.monotonic() - start
            if state == "open":
                wire = Wire(sock, self.closed, start, self.timeout)
            return wire, state, took
        finally:
            if not wire:
                sock.close()
                with self.closed:
                    self.closed.notify()

    def knock(self, sock, address, port):
        try:
            sock.connect((address, port))
            # The kernel may choose for our end the very port we knock at: then we talk to ourselves.
            return "closed" if sock.getsockname() == sock.getpeername() else "open"
        except ConnectionRefusedError:
            return "closed"
        except (ConnectionResetError, BrokenPipeError):
            return "open"  # the handshake was complete before the reset: else it would read "refused"
        except OSError as error:
            if error.errno in SHORTAGE:
                raise
            return "open" if error.errno == errno.ENOTCONN else "filtered"


# --- questions --------------------------------------------------------------------------------------------------------


def hear_banner(wire):
    """What the server says before it is asked anything: raw bytes up to the end of the first line."""
    heard = b""
    try:
        while b"\n" not in heard and len(heard) < 800:  # 200 characters of UTF-8
            data = wire.recv(1.0 if heard else BANNER_SHARE)
            if not data:
                break
            heard += data
    except OSError:
        pass
    return heard


def ask_http(wire, host, port):
    where = f"[{host}]" if ":" in host else host
    request = f"GET / HTTP/1.1\r\nHost: {where}:{port}\r\nAccept: text/html, */*\r\nConnection: close\r\n\r\n"
    try:
        wire.send(request.encode())
    except OSError:
        return None
    return hear_http(wire, b"")


def hear_http(wire, heard):
    stream = pieces(wire)
    heard = read_until(stream, heard, lambda raw, _: head_end(raw) or not b"HTTP/".startswith(raw[:5]))
    while re.match(rb"HTTP/[0-9.]+ +1(?!01)[0-9][0-9]", heard) and head_end(heard):  # 100 Continue and the like
        heard = read_until(stream, heard[head_end(heard) :], lambda raw, _: head_end(raw))
    status = re.match(rb"HTTP/[0-9.]+ +([0-9]{3})([ \r\n]|$)", heard)
    if not status:
        return None
    headers, body = parse_head(heard), b""
    if head_end(heard):
        framing = Framing(headers)
        body = framing.unwrap(read_until(stream, heard[head_end(heard) :], framing.is_enough))
    return {
        "status": int(status[1]),
        "server": headers.get("server"),
        "title": title_of(body),
        "location": headers.get("location"),
    }


def pieces(wire):
    """All that still comes, however it ends."""
    try:
        while data := wire.recv():
            yield data
    except OSError:
        return


def read_until(stream, heard, enough):
    """Adds to heard until enough(heard, where the newest bytes begin)."""
    fresh = 0
    while not (heard and enough(heard, fresh)):
        data = next(stream, b"")
        if not data:
            break
        fresh = len(heard)
        heard += data
    return heard


def head_end(raw):
    blank = re.search(rb"\n\r?\n", raw)
    return blank.end() if blank else 0


def parse_head(raw):
    headers = {}
    for line in raw[: head_end(raw) or raw.rfind(b"\n") + 1].split(b"\n")[1:]:
        name, _, value = line.decode(errors="replace").partition(":")
        headers.setdefault(name.strip().lower(), value.strip())
    return headers


class Framing:
    """How a body is wrapped, and when enough of it is there."""

    def __init__(self, headers):
        self.chunked = "chunked" in headers.get("transfer-encoding", "").lower()
        length = headers.get("content-length", "")
        self.length = int(length) if re.fullmatch("[0-9]{1,12}", length) and not self.chunked else None

    def is_enough(self, raw, fresh):
        if self.length is not None and len(raw) >= self.length:
            return True
        if self.chunked and raw.endswith(b"0\r\n\r\n"):
            return True
        return b"</title" in raw[max(0, fresh - 7) :].lower() and title_of(self.unwrap(raw)) is not None

    def unwrap(self, raw):
        if not self.chunked:
            return raw[: self.length]
        plain, rest = b"", raw
        while chunk := re.match(rb"[ \t]*([0-9a-fA-F]{1,16})[^\n]*\n", rest):
            size = int(chunk[1], 16)
            if not size:
                break
            plain += rest[chunk.end() : chunk.end() + size]
            rest = re.sub(rb"^\r?\n", b"", rest[chunk.end() + size :])
        return plain


def title_of(body):
    # In two steps, since one pattern for both ends would look for the end again from every beginning.
    begin = re.search(rb"(?i)<title(?:[\s/][^>]{0,1000})?>", body)
    end = begin and re.compile(rb"(?i)</title").search(body, begin.end())
    return " ".join(body[begin.end() : end.start()].decode(errors="replace").split()) if end else None


# --- certificates -----------------------------------------------------------------------------------------------------


def leaves(der):
    """The tree that a certificate is, flattened: (tag, content) of all that contains nothing else."""
    while len(der) >= 2:
        tag, length, start = der[0], der[1], 2
        if length > 0x80:
            start += length - 0x80
            length = int.from_bytes(der[2:start], "big")
        content, der = der[start : start + length], der[start + length :]
        if tag & 0x20:
            yield from leaves(content)
        else:
            yield tag, content


def describe_certificate(der):
    try:
        return read_certificate(der)
    except (ValueError, IndexError, StopIteration, RecursionError):  # made to hurt
        return {"subject": None, "issuer": None, "not_after": None}


def read_certificate(der):
    """In a flat certificate the issuer comes before the two dates, the subject after them, up to the key."""
    flat = list(leaves(der))
    dates = [i for i, (tag, _) in enumerate(flat) if tag in (0x17, 0x18)]
    subject = common_name(flat[dates[1] :]) or dns_name(flat)
    return {"subject": subject, "issuer": common_name(flat[: dates[0]]), "not_after": iso(*flat[dates[1]])}


def common_name(flat):
    for (_, oid), (tag, value) in pairwise(flat):
        if tag == 0x03:  # a BIT STRING: the key
            return None
        if oid == b"\x55\x04\x03":
            return value.decode("utf-16-be" if tag == 0x1E else "utf-8", errors="replace")
    return None


def dns_name(flat):
    for i, (tag, oid) in enumerate(flat):
        if tag == 0x06 and oid == b"\x55\x1d\x11":
            wrapped = next(value for kind, value in flat[i:] if kind == 0x04)
            names = [value for kind, value in leaves(wrapped) if kind == 0x82]
            return names[0].decode("ascii", errors="replace") if names else None
    return None


def iso(tag, text):
    digits = text.decode("ascii", errors="replace")
    if tag == 0x17:  # UTCTime has two digits for the year
        digits = ("20" if digits < "50" else "19") + digits
    return re.sub(r"^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$", r"\1-\2-\3T\4:\5:\6Z", digits)


# --- the scan ---------------------------------------------------------------------------------------------------------


class Scan:
    def __init__(self, options):
        self.options = options
        self.dialer = Dialer(options.timeout, options.rate)
        self.jobs = ((*host, port) for host in every_host(options.targets) for port in options.ports)
        self.lock = threading.Lock()  # over the jobs and all that follows
        self.start, self.hosts, self.finished = time.monotonic(), set(), False
        self.counts = {"open": 0, "closed": 0, "filtered": 0}
        self.unfinished = {}  # open, but still being asked

    def run(self):
        threading.stack_size(512 * 1024)
        threads = []
        while len(threads) < self.options.concurrency and (job := self.next_job()):
            thread = threading.Thread(target=self.work, args=(job,), daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no more threads to be had
                self.work(job)
                break
            threads.append(thread)
        for thread in threads:
            thread.join()

    def next_job(self):
        with self.lock:
            return next(self.jobs, None)

    def work(self, job):
        while job:
            self.examine(*job)
            job = self.next_job()

    def examine(self, address, host, port):
        result = Result(host, port)
        wire, result.state, took = self.dialer.dial(address, port)
        if result.state != "filtered":
            result.rtt_ms = round(took * 1000, 3)
        if result.state == "open":
            with self.lock:
                self.unfinished[host, port] = result
            self.question(result, wire, address)
        self.report(result)

    def question(self, result, wire, address):
        heard = b""
        if wire:
            with wire:
                heard = hear_banner(wire)
                if heard.startswith(b"HTTP/"):
                    result.http = hear_http(wire, heard)
        if heard and not result.http:
            result.banner = heard.partition(b"\n")[0].removesuffix(b"\r").decode(errors="replace")[:200]
            result.service = "ssh" if heard.startswith(b"SSH-") else None
            return
        if not result.http:
            self.ask(result, address, lambda wire: self.plain(result, wire))
        # A 400 may mean: this is a TLS port, and you did not speak TLS.
        if not result.http or result.http["status"] == 400:
            self.ask(result, address, lambda wire: self.secret(result, wire, address))

    def ask(self, result, address, question):
        wire, _, _ = self.dialer.dial(address, result.port)
        if wire:
            with wire:
                question(wire)

    def plain(self, result, wire):
        result.http = ask_http(wire, result.host, result.port)
        result.service = "http" if result.http else None

    def secret(self, result, wire, address):
        try:
            channel = TLSWire(wire, None if result.host == address else result.host)
        except (OSError, ValueError):
            return
        alpn = channel.tls.selected_alpn_protocol()
        about = describe_certificate(channel.tls.getpeercert(binary_form=True))
        result.tls = {"version": channel.tls.version(), **about, "alpn": alpn}
        result.http = None if alpn == "h2" else ask_http(channel, result.host, result.port)
        result.service = "https" if alpn or result.http else None

    def report(self, result):
        with self.lock:
            if not self.finished:
                self.unfinished.pop((result.host, result.port), None)
                self.count(result)

    def count(self, result):
        self.hosts.add(result.host)
        self.counts[result.state] += 1
        if self.options.all or result.state == "open":
            say(asdict(result))

    def finish(self):
        with self.lock:
            self.finished = True
            for result in self.unfinished.values():
                self.count(result)
            totals = {"hosts": len(self.hosts), "ports": sum(self.counts.values()), **self.counts}
            say({"summary": {**totals, "elapsed_s": round(time.monotonic() - self.start, 6)}})


def say(line):
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def main():
    sys.stdout.reconfigure(encoding="utf-8")
    scan = Scan(arguments())
    code = 0
    try:
        scan.run()
    except KeyboardInterrupt:
        code = 130
    scan.finish()
    os._exit(code)  # without waiting for threads that still wait for a server


if __name__ == "__main__":
    main()
