"""One WSGI application in which every request passes the door, the call log, the faults, and moto."""

from __future__ import annotations

import json
import socket
import sys
import traceback
from http import HTTPStatus
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple
from urllib.parse import parse_qsl

from moto.core.exceptions import ServiceException
from werkzeug.exceptions import HTTPException

from .aws_call import SERVICES, Answer, AwsError, Call, Forward, Response, error_name, parse, render
from .calls import CallLog, Entry
from .context import Route, Sandbox
from .control import PREFIX
from .door import Door
from .faults import ConnectionCut, Fault, Faults
from .moto_call import by_moto
from .recording import Recording
from .s3 import numbered
from .signature import Refused, verify

StartResponse = Callable[[str, List[Tuple[str, str]]], Any]


class Application:
    """WSGI application of one emulator."""

    def __init__(self, sandbox: Sandbox, calls: CallLog, faults: Faults) -> None:
        self._sandbox = sandbox
        self._calls = calls
        self._faults = faults
        self._recording = Recording(sandbox)
        self._door = Door(sandbox)

    def __call__(self, environ: Dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        body = _read_body(environ)
        try:
            response = self._respond(environ, body)
        except ConnectionCut:
            _cut(environ)
            raise
        headers = [(name, value) for name, value in response.headers if not name.lower().startswith("access-control-")]
        if response.header("Content-Length") is None:
            headers.append(("Content-Length", str(len(response.body))))
        start_response(f"{response.status} {_reason(response.status)}", headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else response.body]

    def _respond(self, environ: Dict[str, Any], body: bytes) -> Response:
        refusal = self._door.refusal(environ)
        if refusal is not None:
            return refusal
        path = environ.get("PATH_INFO", "")
        found = self._sandbox.find_route(path)
        if found is not None or path.startswith(PREFIX):
            return self._control(found, environ, body)
        account = self._sandbox.settings.account_id
        try:
            signed = verify(environ, body, self._sandbox.credential)
        except Refused as refused:
            return self._door.unsigned(environ, body, refused, account)
        return self._aws(parse(signed.service, signed.region, signed.principal, account, environ, body))

    def _control(self, found: Any, environ: Dict[str, Any], body: bytes) -> Response:
        route, rest = found if found is not None else (Route(_unknown, public=False), "")
        if not route.public:
            refusal = self._door.control_refusal(environ)
            if refusal is not None:
                return refusal
        query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        try:
            with self._sandbox.lock:
                status, value = route.handler(environ["REQUEST_METHOD"], rest, query, body)
        except Exception as error:  # noqa: BLE001 the caller must see what broke
            traceback.print_exc(file=sys.stderr)
            status, value = 500, {"error": repr(error)}
        if isinstance(value, bytes):
            return Response(status, [("Content-Type", "application/octet-stream")], value)
        return Response(status, [("Content-Type", "application/json")], json.dumps(value).encode("utf-8"))

    def _aws(self, call: Call) -> Response:
        entry = self._calls.begin(call)
        refusal = self._faults.lasting(call)
        if refusal is not None:
            entry.status, entry.error = refusal.status, refusal.code
            return _recognisable(call, render(call, refusal))
        with self._sandbox.lock:
            # A dry run never comes further than its refusal: what disturbs it has to come before.
            stages = (self._refuse, self._carry_out) if call.dry_run else (self._carry_out,)
            response = None if call.dry_run else self._attempt(call, self._refuse)
            fired = self._faults.due(call, before=True) if response is None else []
            if response is None and not fired:
                response = self._attempt(call, *stages)
        if response is None:
            _note(entry, fired)
            response = self._disturbed(call, fired)
        response = _recognisable(call, response)
        self._recording.add(call, response)
        entry.status, entry.error = response.status, error_name(call, response)
        if response.status >= 400 and call.mutating:
            return response
        fired = self._faults.due(call, before=False)
        _note(entry, fired)
        return self._faults.after(fired, response)

    def _disturbed(self, call: Call, fired: List[Fault]) -> Response:
        """Faults may take their time: the lock is not held, and what was checked before is checked again."""
        try:
            self._faults.before(fired, call)
        except AwsError as error:
            return render(call, error)
        with self._sandbox.lock:
            return self._attempt(call, self._refuse, self._carry_out)

    def _refuse(self, call: Call) -> Optional[Response]:
        """None when nothing speaks against carrying the call out."""
        if not call.known:
            return _not_implemented(call)
        if call.problem is not None:
            raise call.problem
        for check in self._sandbox.checks(call):
            check(call)
        return None

    def _carry_out(self, call: Call) -> Response:
        response = self._answer(call, self._sandbox.answers(call))
        if response.status < 400:
            for run in self._sandbox.followers(call):
                run(call)
        return response

    def _attempt(self, call: Call, *stages: Callable[[Call], Optional[Response]]) -> Any:
        """The answer of the first stage that has one, or that its error makes."""
        try:
            return next((answer for answer in (stage(call) for stage in stages) if answer is not None), None)
        except ServiceException as error:
            return render(call, error)
        except HTTPException as error:
            return _of_http_exception(error)
        except NotImplementedError:
            return _not_implemented(call)
        except Exception as error:  # noqa: BLE001 a fault of ours is an answer too, not a broken connection
            print(f"failed {call.service} {call.operation}", file=sys.stderr)
            traceback.print_exc(file=sys.stderr)
            return render(call, AwsError("InternalFailure", f"The emulator failed: {error!r}", 500))

    def _answer(self, call: Call, answers: List[Answer]) -> Response:
        """The last registered answer, which may forward to the one before it, down to moto."""
        if not answers:
            return by_moto(call)
        result = answers[-1](call, Forward(lambda: self._answer(call, answers[:-1]), call))
        return result if isinstance(result, Response) else render(call, result)


def _recognisable(call: Call, response: Response) -> Response:
    """With what tells that it is from AWS, where a service's answers have that."""
    return numbered(response) if call.service == "s3" else response


def _note(entry: Entry, fired: List[Fault]) -> None:
    for fault in fired:
        entry.fault = fault.kind


def _not_implemented(call: Call) -> Response:
    message = f"Neither moto nor this emulator implements {call.service} {call.operation}."
    if call.service in SERVICES:
        return render(call, AwsError("NotImplemented", message, 501))
    body = json.dumps({"__type": "NotImplemented", "message": message}).encode("utf-8")
    return Response(501, [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-ErrorType", "NotImplemented")], body)


def _of_http_exception(error: HTTPException) -> Response:
    body = error.get_body()
    raw = body if isinstance(body, bytes) else body.encode("utf-8")
    return Response(error.code or 400, list(error.get_headers()), raw)


def _unknown(_method: str, _rest: str, _query: Dict[str, str], _body: bytes) -> Tuple[int, Any]:
    return 404, {"error": "no such control endpoint"}


def _read_body(environ: Dict[str, Any]) -> bytes:
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        return stream.read()
    return stream.read(int(environ.get("CONTENT_LENGTH") or 0))


def _cut(environ: Dict[str, Any]) -> None:
    try:
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the other side was faster


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
