"""One HTTP connection to the emulator: as many requests as the client sends, one after the other, as with AWS."""

from __future__ import annotations

import time
from email.utils import formatdate
from functools import lru_cache
from typing import Any, List, Optional, Tuple

from moto.moto_server.werkzeug_app import MotoRequestHandler


class Handler(MotoRequestHandler):
    """Takes the place of werkzeug's answering, which closes the connection after each answer.

    The application reads every request's body to its end and gives every answer's length, so that the next request
    begins where this one ends. Says nothing about requests: the call log holds what may be told.
    """

    protocol_version = "HTTP/1.1"
    # Head and body of an answer leave in one piece, and at once.
    wbufsize = -1
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        if self.headers.get("Expect", "").strip().lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        try:
            body = b"".join(self.server.app(self.make_environ(), self._start))
        except ConnectionError as error:
            self.connection_dropped(error)
            return
        self.end_headers()
        self.wfile.write(body)

    def _start(self, status: str, headers: List[Tuple[str, str]]) -> None:
        code, reason = status.split(None, 1)
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)

    def date_time_string(self, timestamp: Optional[float] = None) -> str:
        return _date(int(time.time() if timestamp is None else timestamp))

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        pass

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        self.close_connection = True


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    """The header of all answers of one second."""
    return formatdate(second, usegmt=True)
