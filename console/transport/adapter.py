"""requests and urllib3 on our own sockets: what the docker SDK speaks HTTP with.

One pool for all URLs (the SDK's own adapters make one per URL, so that every new URL costs a channel), no
retries (a POST is never repeated by itself), and a response that does not read ahead where the stream is
hijacked (docker-py would lose the output that arrives together with the head: its issue 3332).
"""

from __future__ import annotations

import http.client
import io
import socket
import threading
from collections.abc import Mapping
from typing import Any

import requests
import requests.adapters
import urllib3
import urllib3.connection

from console.errors import HostError, OutcomeUnknown
from console.transport.bridge import Bridges

DIAL_TIMEOUT = 9.0
IDLE = 16
"""Connections kept for the next request."""

SAFE_METHODS = frozenset({"GET", "HEAD"})


class HijackResponse(http.client.HTTPResponse):
    """Reads the head byte by byte, so that nothing behind it is swallowed by a buffer."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(sock.makefile("rb", 0), 1)


class ChannelConnection(urllib3.connection.HTTPConnection):
    """An HTTP connection over a bridge."""

    def __init__(self, bridges: Bridges) -> None:
        super().__init__("localhost", timeout=DIAL_TIMEOUT)
        self._bridges = bridges

    def connect(self) -> None:
        self.sock = self._bridges.dial(DIAL_TIMEOUT)

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        headers: Mapping[str, str] = kwargs.get("headers") or {}
        hijack = any(name.lower() == "upgrade" for name in headers)
        self.response_class = HijackResponse if hijack else http.client.HTTPResponse
        super().request(method, url, *args, **kwargs)


class ChannelPool(urllib3.HTTPConnectionPool):
    """The one pool of an engine."""

    def __init__(self, bridges: Bridges) -> None:
        super().__init__("localhost", maxsize=IDLE)
        self._bridges = bridges

    def _new_conn(self) -> ChannelConnection:
        return ChannelConnection(self._bridges)


class ChannelAdapter(requests.adapters.HTTPAdapter):
    """What to mount on the SDK's client. Network failures leave it as errors of `console.errors`."""

    def __init__(self, host: str, bridges: Bridges) -> None:
        self._host = host
        self._bridges = bridges
        self._pool = ChannelPool(bridges)
        self._last = threading.local()
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> ChannelPool:
        return self._pool

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        return request.path_url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        self._last.method = request.method or ""
        try:
            return super().send(request, *args, **kwargs)
        except requests.RequestException as error:
            raise self.broken(error) from error

    def broken(self, error: Exception) -> HostError:
        """The error for an exchange of this thread that broke after it had begun."""
        why = self._bridges.fault()
        if getattr(self._last, "method", "") in SAFE_METHODS:
            return why
        late = isinstance(error, requests.Timeout)
        said = "the engine took too long to answer" if late else f"the answer was lost: {why.message}"
        return OutcomeUnknown(
            self._host, said, next_step="look at the next list: it may have been carried out"
        )

    def close(self) -> None:
        self._pool.close()
        super().close()
