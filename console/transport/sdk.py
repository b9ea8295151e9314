"""The docker SDK's low-level client on an engine's channels. Importing this module imports the SDK."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import docker
import docker.errors
import requests
import urllib3.exceptions

from console.errors import CapabilityMissing, HostError
from console.model.text import sanitise
from console.transport.adapter import ChannelAdapter
from console.transport.bridge import Bridges
from console.transport.faults import engine_error

if TYPE_CHECKING:
    from console.transport.carrier import Carrier

T = TypeVar("T")

BASE_URL = "http+docker://dockcon"


class Client(docker.APIClient):
    """An APIClient that speaks through `adapter`; its default time-out is each thread's own."""

    def __init__(self, adapter: ChannelAdapter, api: str) -> None:
        self._own = threading.local()
        # The socket is never opened: with this kind of URL the SDK connects only when it is asked to.
        super().__init__(base_url="unix:///nowhere", version=api, timeout=0)
        self.trust_env = False
        self.mount("http+docker://", adapter)
        self.base_url = BASE_URL

    @property  # type: ignore[override]  # the stub says int; requests takes a float
    def timeout(self) -> float:
        """Seconds to wait for bytes of an answer, in calls that do not say."""
        return float(getattr(self._own, "timeout", 60.0))

    @timeout.setter
    def timeout(self, seconds: float) -> None:
        if seconds:
            self._own.timeout = seconds


class Sdk:
    """The client of one engine, made at the first call. Made on the network loop, called from threads."""

    def __init__(self, host: str, carrier: Carrier, api: str) -> None:
        self._host = host
        self._api = api
        self._bridges = Bridges(host, carrier)
        self._adapter = ChannelAdapter(host, self._bridges)
        self._client: Client | None = None
        self._lock = threading.Lock()

    def call(self, function: Callable[[Client], T], timeout: float) -> T:
        """Run `function` with the client, in the calling thread; see `HttpEngine.call`."""
        try:
            with self._lock:
                client = self._client = self._client or Client(self._adapter, self._api)
            client.timeout = timeout
            return function(client)
        except HostError:
            raise
        except docker.errors.APIError as error:
            status: Any = error.status_code
            words = sanitise(str(error.explanation or error), 1000)
            raise engine_error(self._host, int(status or 500), words) from error
        except docker.errors.DockerException as error:
            raise CapabilityMissing(self._host, sanitise(str(error), 500)) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise self._adapter.broken(error) from error

    def shut(self) -> None:
        """Wake up every thread that waits for the engine. On the network loop."""
        self._bridges.shut()

    async def aclose(self) -> None:
        """Close what is left; no thread may be in a call any more."""
        self._adapter.close()
        if self._client is not None:
            self._client.close()
        await self._bridges.aclose()
