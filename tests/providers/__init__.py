"""Every provider on this machine: small files in the documented layouts, behind a server that can misbehave.

A module for each source makes its files (``make``) and, where the provider answers queries, those answers (``answer``).
The server is a mirror in the sense of ``PLACEPRIOR_MIRROR``: ``https://host/path`` lies at ``/host/path``.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass
class Fault:
    """What goes wrong with one request.

    Attributes
    ----------
    status : int
        Answered in place of the file; 0 for none.
    cut : int
        Bytes after which the connection is dropped; -1 for none.
    spoil : bool
        The first byte arrives wrong.
    wait : float
        Seconds before the answer.
    """

    status: int = 0
    cut: int = -1
    spoil: bool = False
    wait: float = 0.0


@dataclass
class Provider:
    """A running server: what it has, what goes wrong next, and what it was asked."""

    root: Path
    url: str = ""
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    answers: list[Callable[[str, dict[str, str]], bytes | None]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def put(self, path: str, content: bytes) -> None:
        """Have a file at ``host/path``."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def fail(self, path: str, *faults: Fault) -> None:
        """Let the next requests for ``host/path`` go wrong, one fault each."""
        self.faults.setdefault(path, []).extend(faults)


@contextmanager
def serve(root: Path):
    """Serve a folder until the block ends."""
    provider = Provider(root)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_GET(self):
            parts = urlsplit(self.path)
            path = unquote(parts.path).lstrip("/")
            provider.asked.append((self.path.lstrip("/"), dict(self.headers)))
            queue = provider.faults.get(path)
            fault = queue.pop(0) if queue else Fault()
            time.sleep(fault.wait)
            query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
            content = next((found for answer in provider.answers if (found := answer(path, query)) is not None), None)
            file = provider.root / path
            if content is None and file.is_file():
                content = file.read_bytes()
            if fault.status or content is None:
                self.send_response(fault.status or 404)
                if fault.status == 429:
                    self.send_header("Retry-After", "0")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            tag, start = f'"{hashlib.md5(content).hexdigest()}"', 0
            asked = self.headers.get("Range", "")
            if asked.startswith("bytes=") and self.headers.get("If-Range", tag) == tag:
                start = int(asked[6:].rstrip("-"))
            if start >= len(content) > 0:
                self.send_response(416)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.send_header("ETag", tag)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.end_headers()
            body = content[start:]
            if fault.spoil and body:
                body = bytes([body[0] ^ 255]) + body[1:]
            if fault.cut >= 0:
                self.wfile.write(body[: fault.cut])
                self.wfile.flush()
                self.close_connection = True
                self.connection.close()
                return
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # a client that went away is no news
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
