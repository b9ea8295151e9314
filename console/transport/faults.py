"""From the faults of channels and HTTP to errors that an operator can act on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from console.errors import Conflict, EngineDown, EngineError, HostError, HostUnreachable, NotFound
from console.model.text import SafeText, safe, sanitise
from console.transport import wire_feeds
from console.transport.channels import ChannelRefused
from console.transport.http import Cut, HttpFault
from console.transport.httpconn import DEADLINE, ErrorStatus
from console.transport.wire_text import BadJson


@contextlib.contextmanager
def translated(host: str, *, but: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Turn what the layers below raise into errors of `console.errors`; those of `but` pass."""
    try:
        yield
    except HostError:
        raise
    except (HttpFault, BadJson, ChannelRefused, TimeoutError) as error:
        if isinstance(error, but) and not (isinstance(error, Cut) and error.error is not None):
            raise
        raise host_error(host, error) from error


def host_error(host: str, error: Exception) -> HostError:
    """What an operator is told of a fault of the layers below."""
    match error:
        case ErrorStatus(status=status, body=body):
            return engine_error(host, status, wire_feeds.error_message(body))
        case Cut(error=HostError() as cause):
            return afresh(cause)
        case Cut(error=Exception() as cause):
            return HostUnreachable(host, f"the connection was lost: {sanitise(str(cause), 300)}")
        case TimeoutError():
            return EngineDown(host, f"the engine did not answer within {DEADLINE:g} s")
        case ChannelRefused(reason=reason):
            because = f": {sanitise(reason, 300)}" if reason else ""
            return EngineDown(host, f"the engine's socket was refused{because}")
        case _:
            return EngineDown(host, f"no proper answer of the engine: {sanitise(str(error), 300)}")


def afresh(error: HostError) -> HostError:
    """The error of a lost connection for one more of those who used it.

    One exception object raised in several tasks would have its cause and traceback overwritten, up to
    chains that go in circles.
    """
    kinds = (HostUnreachable, EngineDown)
    if isinstance(error, kinds):
        return type(error)(error.host, error.message, next_step=error.next_step)
    return error


def engine_error(host: str, status: int, message: SafeText) -> EngineError:
    """The error for an HTTP status of 400 or more; `message` is the engine's own."""
    words = message or safe(f"HTTP status {status}")
    kind = {404: NotFound, 409: Conflict}.get(status, EngineError)
    return kind(host, words, status=status)
