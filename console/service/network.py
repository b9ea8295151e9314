"""The network thread: a loop of its own for everything that touches a host, and the handle to it."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Collection, Coroutine, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from console.errors import HostUnreachable
from console.model.clock import Clock
from console.model.containers import ContainerKey, Inspection, Usage
from console.model.hosts import HostLoad, HostSpec
from console.model.logs.wish import LogWish
from console.model.problems import Problem
from console.service.deeds import Audit
from console.service.feed import Feed
from console.service.fleet import Fleet
from console.service.handle import Batch
from console.service.links.orders import LinkOrders
from console.service.logs.handover import StreamTap
from console.service.logs.outbox import Caps
from console.service.mappings.orders import MapOrders
from console.service.orders import Orders
from console.service.remember import Memory
from console.service.stock.desk import StockOrders
from console.service.troubles import Troubles
from console.transport.base import Transport

if TYPE_CHECKING:
    from console.model.redeploy.plan import Rules
    from console.service.mappings.making import MapSetup

T = TypeVar("T")

log = logging.getLogger(__name__)


class NetworkThread:
    """Runs a `Fleet` on its own thread; implements `FleetHandle` for the others."""

    def __init__(
        self,
        name: str,
        specs: Sequence[HostSpec],
        transport: Callable[[], Transport],
        *,
        clock: Clock,
        memory: Memory,
        log_caps: Caps | None = None,
        audit: Audit | None = None,
        read_only: bool = False,
        rules: Callable[[], Rules] | None = None,
        mappings: Callable[[], MapSetup] | None = None,
    ) -> None:
        """`transport` is called on the new thread, so that what it imports is not waited for here.
        `log_caps`: how much of a log stream is kept for a reader who does not take.
        """
        self._name = name
        self._specs = tuple(specs)
        self._make_transport = transport
        self._clock = clock
        self._log_caps = log_caps or Caps()
        self._feed = Feed()
        self._troubles = Troubles()
        self._fleet = Fleet(
            self._specs, clock, memory, self._feed, audit=audit, read_only=read_only, mappings=mappings
        )
        self.mappings = MapOrders(self._fleet, self._feed, self._call, self._ask)
        self.links = LinkOrders(self._fleet, self._feed, self._call, self._ask)
        self._orders = Orders(self._fleet, self._call, self._ask, rules)
        self.stock = StockOrders(self._fleet, self._call)
        """What has been asked about images, volumes and networks."""
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ended: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="dockcon-network", daemon=True)

    def start(self) -> NetworkThread:
        """Begin dialling; returns at once."""
        self._thread.start()
        return self

    @property
    def fleet(self) -> str:
        return self._name

    @property
    def hosts(self) -> tuple[HostSpec, ...]:
        return self._specs

    def take(self) -> Batch | None:
        """What changed since the last call."""
        return self._feed.take()

    def problems(self) -> tuple[Problem, ...]:
        """All problems of the newest snapshots, worst first."""
        listed = self._feed.latest_mappings()
        if listed is None or not listed.standings:
            return self._troubles.find(self._feed.latest(), self._clock.now())
        # Imported when there are mappings.
        from console.model.mappings.troubles import problems_of

        others = problems_of(listed.standings)
        return self._troubles.find(self._feed.latest(), self._clock.now(), others)

    def retry(self, host: str) -> None:
        """Connect now."""
        self._call(self._fleet.retry, host)

    def switch(self, host: str, on: bool) -> None:
        """Take a host out of the fleet or back in."""
        self._call(self._fleet.switch, host, on)

    def answer(self, host: str, answers: tuple[str, ...] | None) -> None:
        """Answer the host's pending question."""
        self._call(self._fleet.answer, host, answers)

    def in_view(self, containers: Collection[ContainerKey]) -> None:
        """Which rows are on the screen."""
        self._call(self._fleet.in_view, tuple(containers))

    def logs(self, wish: LogWish) -> StreamTap:
        """Begin to read logs."""
        return StreamTap(wish, self._log_caps, self._fleet.logs, self._call)

    def usage_history(self, key: ContainerKey) -> tuple[Usage, ...]:
        """Ten minutes of one container."""
        return self._fleet.history.usage(key, self._clock.now())

    def load_history(self, host: str) -> tuple[HostLoad, ...]:
        """Ten minutes of one machine."""
        return self._fleet.history.load(host, self._clock.now())

    @property
    def orders(self) -> Orders:
        """What can be asked to be done."""
        return self._orders

    async def inspect(self, key: ContainerKey) -> Inspection:
        """Ask the engine. Raises NotFound, EngineDown or HostUnreachable."""
        return await self._ask(key[0], self._fleet.inspect(key))

    async def _ask(self, host: str, asking: Coroutine[Any, Any, T]) -> T:
        """Run something on the network loop and wait for it on the caller's."""
        closing = HostUnreachable(host, "the console is closing")
        try:
            answer = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(asking, self._loop))
        except RuntimeError as error:  # the loop is closed
            asking.close()
            raise closing from error
        either: set[asyncio.Future[Any]] = {answer, asyncio.wrap_future(self._ended)}
        # A loop that has stopped and is not closed yet takes the question and never answers it.
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            answer.cancel()
            raise
        if not answer.done() or answer.cancelled():
            raise closing
        return answer.result()

    async def aclose(self) -> None:
        """Stop everything; returns when tasks, sockets and the thread are gone. Idempotent."""
        if not self._thread.is_alive() and not self._ended.done():
            self._loop.close()  # never started
            self._ended.set_result(None)
        self._call(self._stop.set)
        await asyncio.wrap_future(self._ended)
        if self._thread.ident is not None:
            self._thread.join()

    def _call(self, what: Callable[..., None], *arguments: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(what, *arguments)
        except RuntimeError:
            # The loop is closed: there is nothing left that could be told.
            log.debug("%s after the end", what)

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._main())
        except Exception as error:  # a thread that dies must say so on the screen
            log.exception("the network thread ended with a defect")
            self._fleet.fail(error)
        finally:
            self._ended.set_result(None)

    async def _main(self) -> None:
        self._loop.set_exception_handler(_report)
        try:
            self._fleet.start(self._make_transport(), keep_mappings=True)
        except Exception as error:  # whatever it is, the screen has to say it
            log.exception("no transport")
            self._fleet.fail(error)
        try:
            await self._stop.wait()
        finally:
            await self._fleet.aclose()


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    log.error("network loop: %s", context.get("message"), exc_info=context.get("exception"))
