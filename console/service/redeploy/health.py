"""Whether a new container is well: its health check says so, or it has run for a while without a restart."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from console.errors import HostError
from console.model.clock import Clock
from console.model.containers import Container, ContainerState, Health
from console.model.logs.lines import LogLine, Stream
from console.model.redeploy.documents import mapping, text
from console.model.redeploy.plan import Rules
from console.model.secrets import mask_text
from console.model.text import NOTHING, SafeText, safe, sanitise
from console.transport.base import Engine, LogAsk

LINES = 20
"""Of its own log, shown where it failed."""


@dataclass(slots=True)
class Gate:
    """Watches one new container from its start on."""

    rules: Rules
    clock: Clock
    began: float = -1.0
    restarts: int | None = None
    since: float | None = None

    def judge(self, container: Container) -> tuple[bool | None, SafeText]:
        """True: well; False: failed, and why; None: wait and look again."""
        now = self.clock.monotonic()
        if self.began < 0:
            self.began, self.restarts = now, container.restarts
        if container.state in (ContainerState.EXITED, ContainerState.DEAD, ContainerState.RESTARTING):
            oom = ", killed: out of memory" if container.oom else ""
            return False, safe(f"it ended with exit code {container.exit_code}{oom}")
        if container.restarts != self.restarts:
            return False, safe(f"it was restarted {container.restarts} times")
        if container.health is Health.HEALTHY:
            return True, safe("healthy")
        if container.health is Health.UNHEALTHY:
            return False, safe("its health check fails")
        if container.health is Health.NONE and container.state is ContainerState.RUNNING:
            self.since = now if self.since is None else self.since
            if now - self.since >= self.rules.stable:
                return True, safe(f"it has run for {self.rules.stable:g} s; it has no health check")
        if now - self.began >= self.rules.timeout:
            return False, safe(f"it was not well within {self.rules.timeout:g} s")
        return None, NOTHING


async def evidence(engine: Engine, container_id: str) -> tuple[SafeText, ...]:
    """The last log lines and health checks of a container that failed; as much as can be had."""
    found: list[SafeText] = []
    with suppress(HostError):
        document: Mapping[str, Any] = (await engine.inspect(container_id)).document
        found += _health_log(document)
        async with engine.logs(container_id, LogAsk(tail=LINES)) as frames:
            async for some in frames:
                for ns, payload in zip(some.stamps, some.payloads, strict=True):
                    line = LogLine(ns, 0, Stream.OUT, payload.rstrip(b"\n")).text(500)
                    found.append(mask_text(line))
    return tuple(found[-LINES - 5 :])


def _health_log(document: Mapping[str, Any]) -> list[SafeText]:
    state = mapping(document.get("State"))
    checks = mapping(state.get("Health")).get("Log") or ()
    failed = [check for check in map(mapping, checks) if check.get("ExitCode")]
    said = [mask_text(sanitise(text(check.get("Output")), 300)) for check in failed[-3:]]
    lines = [safe(f"health check: {words}") for words in said if words]
    error = text(state.get("Error"))
    return lines + ([mask_text(sanitise(error, 300))] if error else [])
