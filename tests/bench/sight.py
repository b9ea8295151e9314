"""What one look at a host's connections costs there, beside the usual ways to the same rows.

One host, fifty containers, two hundred connections, in one run: CPU of the look (by the host's own count),
and wall time of `ss` in every namespace by nsenter and of `docker exec cat` in every container.
"""

from __future__ import annotations

import asyncio
import time

from console.model.hosts import ObserveMode
from console.transport.live import LiveTransport
from console.transport.sight import SightAsk
from console.transport.ssh import SshConnector
from tests.bench.figures import line
from tests.bench.labs import running_lab, seconds_of
from tests.lab.containers import SLEEP
from tests.lab.host import LabHost
from tests.lab.image import IMAGE

CONTAINERS, CONNECTIONS, LOOKS, ROUNDS = 50, 200, 40, 3
DAY = "86400"


def _connect(host: LabHost) -> None:
    """From the last container, to a server on the same bridge."""
    host.docker("run", "-d", "--name", "server", IMAGE, "sh", "-c", "exec socat TCP-LISTEN:9,fork EXEC:cat")
    at = host.docker("inspect", "-f", "{{.NetworkSettings.IPAddress}}", "server")
    host.docker("run", "-d", "--name", "client", IMAGE, "sh", "-c", SLEEP)
    each = f"for i in $(seq {CONNECTIONS}); do (sleep {DAY} | socat - TCP:{at}:9) & done; wait"
    host.docker("exec", "-d", "client", "sh", "-c", each)


def _pids(host: LabHost) -> dict[str, int]:
    ids = host.docker("ps", "-q", "--no-trunc").split()
    told = host.docker("inspect", "-f", "{{.State.Pid}}", *ids).split()
    return dict(zip(ids, map(int, told), strict=True))


async def _looks(host: LabHost, pids: dict[str, int], mode: ObserveMode) -> tuple[float, list[float], int]:
    """CPU seconds of a look, the seconds each took, and the flows of the last."""
    transport = LiveTransport(SshConnector())
    engine = await (await transport.connect(host.spec(), None)).engine()
    took, ask = [], SightAsk(mode=mode, pids=pids)
    for _ in range(LOOKS):
        began = time.perf_counter()
        found = await engine.sight.look(ask)
        took.append(1000 * (time.perf_counter() - began))
    await transport.aclose()
    return 1000 * (found.cost or 0.0), took[1:], len(found.flows or ())


def main() -> None:
    with running_lab("bsg", CONTAINERS, hosts=1) as lab:
        host = lab["h1"]
        _connect(host)
        pids = _pids(host)
        every = [f"nsenter -t {pid} -n ss -Htn >/dev/null" for pid in pids.values()]
        docker = f"docker -H unix://{host.engine.socket}"
        execs = [f"{docker} exec {ident} cat /proc/net/tcp >/dev/null" for ident in pids]
        nsenter = [1000 * seconds_of(("sh", "-c", "; ".join(every))) for _ in range(ROUNDS)]
        executed = [1000 * seconds_of(("sh", "-c", "; ".join(execs))) for _ in range(ROUNDS)]
        cost, took, flows = asyncio.run(_looks(host, pids, ObserveMode.AUTO))
        blind, blind_took, _ = asyncio.run(_looks(host, pids, ObserveMode.OFF))
    print(f"{len(pids)} containers, {flows} flows")
    print(f"CPU of one look on the host {cost:.1f} ms, counters only {blind:.1f} ms")
    print(line("one look, there and back", took, "ms"))
    print(line("one look, counters only", blind_took, "ms", took))
    print(line("ss in every namespace by nsenter", nsenter, "ms", took))
    print(line("docker exec cat in every container", executed, "ms", took))


if __name__ == "__main__":
    main()
