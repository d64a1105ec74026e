"""A reader of feeds: one connection, kept; it asks for what it does not have yet."""

import gzip
import re
import socket
import time

ENTRY = re.compile(rb"<title[^>]*>[^<]*n\xc2\xb0 (\d+)</title>")
ADDRESS = re.compile(rb'xmlUrl="https?://[^/"]+([^"]+)"')


class Reader:
    """One connection to one address of this machine."""

    def __init__(self, port, encoding="identity", patience=60):
        self.encoding = encoding
        self.etag = None
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=patience)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answers = self.connection.makefile("rb")

    def close(self):
        self.answers.close()
        self.connection.close()

    def get(self, path):
        """The status and the plain bytes of what stands there."""
        status, _, body = self._ask(path, "")
        return status, body

    def news(self, path):
        """The plain bytes of what stands there, or nothing when that is what was seen last, and when they came."""
        condition = f"If-None-Match: {self.etag}\r\n" if self.etag else ""
        status, headers, body = self._ask(path, condition)
        came = time.perf_counter()
        if status not in (200, 304):
            raise SystemExit(f"{path} answered {status}")
        self.etag = headers.get("etag")
        return (body if status == 200 else None), came

    def _ask(self, path, more):
        self.connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: {self.encoding}\r\n{more}\r\n".encode()
        )
        status = int(self._line().split()[1])
        headers = {}
        while line := self._line():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = b""
        if status not in (204, 304):
            body = self.answers.read(int(headers["content-length"]))
        if status == 200 and headers.get("content-encoding", "identity") != self.encoding:
            raise SystemExit(f"{path} came as {headers.get('content-encoding')}, not as {self.encoding}")
        return status, headers, gzip.decompress(body) if body and self.encoding == "gzip" else body

    def _line(self):
        line = self.answers.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the connection ended early")
        return line[:-2].decode("latin-1")


def wait_for(port, kept, path, patience=1800):
    """The plain bytes of the first answer, however long it takes until anyone listens."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        kept.check()
        try:
            # Whoever listens may well answer only once the releases are read.
            reader = Reader(port, patience=patience)
        except ConnectionRefusedError:
            time.sleep(0.0005)
            continue
        try:
            status, body = reader.get(path)
        finally:
            reader.close()
        if status == 200:
            return body
        time.sleep(0.0005)
    raise SystemExit(f"{path} never answered")


def feeds(port):
    """The addresses of the current feeds, as Atom."""
    reader = Reader(port)
    _, outlines = reader.get("/feeds.opml")
    reader.close()
    paths = {address.decode().rpartition(".")[0] + ".atom" for address in ADDRESS.findall(outlines)}
    return sorted(paths)


def entries(feed):
    """The numbers of the releases in the bytes of a feed."""
    return {int(number) for number in ENTRY.findall(feed)}
