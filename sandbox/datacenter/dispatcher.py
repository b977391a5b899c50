"""Serves calls: takes their wrappers off, applies faults, finds the handler, sends the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.codec import rpc_result
from sandbox.datacenter.rpc import Call, Handler, RpcFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.datacenter.faults import Fault
    from sandbox.datacenter.server import DataCenter
    from sandbox.datacenter.session import Session

_WRAPPERS = frozenset(
    {
        raw.functions.InvokeWithLayer,
        raw.functions.InitConnection,
        raw.functions.InvokeWithoutUpdates,
        raw.functions.InvokeAfterMsg,
        raw.functions.InvokeAfterMsgs,
        raw.functions.InvokeWithTakeout,
        raw.functions.InvokeWithBusinessConnection,
    }
)
_OPEN_TO_STRANGERS = ("auth.", "help.")


@dataclass(slots=True)
class _Job:
    """One call on its way to an answer."""

    session: Session
    request_id: int
    name: str
    request: Any
    lose_answer: bool = False


def _encode_failure(code: int, name: str) -> bytes:
    return bytes(raw.types.RpcError(error_code=code, error_message=name).write())


_INTERNAL_ERROR = _encode_failure(500, "INTERNAL_SERVER_ERROR")


class Dispatcher:
    """Calls handlers right where the packet arrives; only answers that have to wait get a task.

    Args:
        datacenter: whose calls are served.
        methods: handlers by TL name.
    """

    def __init__(self, datacenter: DataCenter, methods: Mapping[str, Handler]) -> None:
        self._datacenter = datacenter
        self._methods = methods

    def serve(self, session: Session, request_id: int, request: Any) -> None:
        """Take one call; the answer goes to the session, now or later."""
        request = self._unwrap(session, request)
        name = request.QUALNAME.partition(".")[2]
        datacenter = self._datacenter
        datacenter.stats.calls += 1
        datacenter.recorder.record(session.auth.user_id, name, request)
        job = _Job(session, request_id, name, request)
        fault = datacenter.faults.take(name, session.auth.user_id, request)
        if fault is None:
            self._run(job)
        elif fault.delay or fault.action == "hold":
            datacenter.tasks.spawn(self._delayed(job, fault), name=f"delay {name}")
        else:
            self._fail(job, fault)

    @staticmethod
    def _unwrap(session: Session, request: Any) -> Any:
        """The call inside its wrappers, whose effects are applied."""
        while type(request) in _WRAPPERS:
            if isinstance(request, raw.functions.InvokeWithLayer):
                session.auth.layer = request.layer
            elif isinstance(request, raw.functions.InvokeWithoutUpdates):
                session.without_updates = True
            request = request.query
        return request

    async def _delayed(self, job: _Job, fault: Fault) -> None:
        await fault.pause(self._datacenter.clock)
        self._fail(job, fault)

    def _fail(self, job: _Job, fault: Fault) -> None:
        if fault.action == "drop":
            job.session.cut()
        elif fault.error is not None:
            self._answer(job, _encode_failure(*fault.error))
        elif fault.action != "ignore":
            job.lose_answer = fault.action == "drop_after"
            self._run(job)

    def _run(self, job: _Job) -> None:
        payload = _INTERNAL_ERROR
        with self._datacenter.problems.guard("method_failed", job.name):
            try:
                result = self._call(job)
                if isinstance(result, Awaitable):
                    self._finish_later(job, result)
                    return
                payload = self._encode(job, result)
            except RpcFailure as failure:
                payload = _encode_failure(failure.code, failure.name)
        self._answer(job, payload)

    def _call(self, job: _Job) -> Any:
        handler = self._methods.get(job.name)
        if handler is None:
            self._datacenter.problems.note("method_unknown", job.name)
            raise RpcFailure(400, "METHOD_INVALID")
        if job.session.auth.user_id is None and not job.name.startswith(_OPEN_TO_STRANGERS):
            raise RpcFailure(401, "AUTH_KEY_UNREGISTERED")
        datacenter = self._datacenter
        call = Call(datacenter.world, job.session, datacenter)
        datacenter.trouble.flood_control.check(call, job.name, job.request)
        return handler(call, job.request)

    def _finish_later(self, job: _Job, result: Awaitable[Any]) -> None:
        task = self._datacenter.tasks.spawn(self._finish(job, result), name=job.name)
        if isinstance(result, Coroutine):
            # A task that is cancelled before its first step would leave the handler's coroutine unawaited.
            task.add_done_callback(lambda _task: result.close())

    async def _finish(self, job: _Job, result: Awaitable[Any]) -> None:
        """Wait for the result of a handler that could not give it at once."""
        payload = _INTERNAL_ERROR
        with self._datacenter.problems.guard("method_failed", job.name):
            try:
                payload = self._encode(job, await result)
            except RpcFailure as failure:
                payload = _encode_failure(failure.code, failure.name)
        self._answer(job, payload)

    def _encode(self, job: _Job, result: Any) -> bytes:
        return self._datacenter.codecs.of_layer(job.session.auth.layer).dump(result)

    def _answer(self, job: _Job, payload: bytes) -> None:
        if job.lose_answer:
            job.session.cut()
            return
        body = rpc_result(job.request_id, payload)
        job.session.answers.add(job.request_id, body)
        job.session.send(body, answer=True)
