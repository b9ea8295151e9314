"""A shop on four hosts, for pictures: one container unhealthy, one that keeps dying, one host lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from console.model.containers import Container, ContainerState, Health, Port, Usage
from console.model.events import EngineEvent
from console.model.hosts import HostState
from console.model.problems import ProblemKind
from console.model.text import safe
from tests.ui.fleet import NOON, FakeFleet, container, happening, problem, snapshot, using

# host, name, image, state, health, cpu, MB, hours up, ports
TABLE = """
app-1 web-1         registry.example.com/shop/web:2.14.1    running    healthy   3   212  72  8080:80
app-1 web-2         registry.example.com/shop/web:2.14.1    running    healthy   4   208  72  8081:80
app-1 worker        registry.example.com/shop/worker:2.14.1 running    none      41  1126 72  -
app-1 scheduler     registry.example.com/shop/worker:2.14.1 running    none      0.2 96   72  -
app-1 nginx         nginx:1.27-alpine                       running    healthy   1   24   290 80:80,443:443
app-1 node-exporter prom/node-exporter:v1.8.1               running    none      0   18   960 9100:9100
app-2 web-1         registry.example.com/shop/web:2.14.1    running    healthy   5   220  9   8080:80
app-2 web-2         registry.example.com/shop/web:2.14.1    running    starting  4   219  0   8081:80
app-2 rabbit        rabbitmq:3.13-management                running    unhealthy 2   340  9   5672:5672
app-2 redis         redis:7                                 running    healthy   1   48   9   0:6379
app-2 mailer        registry.example.com/shop/mailer:1.9.0  restarting none      -   -    0   -
app-2 migrate       registry.example.com/shop/web:2.14.1    exited     none      -   -    -   -
app-2 node-exporter prom/node-exporter:v1.8.1               running    none      0   18   960 9100:9100
db-1  postgres      postgres:16.3                           running    healthy   8   3100 720 5432:5432
db-1  pgbouncer     edoburu/pgbouncer:1.22                  running    none      1   12   720 6432:6432
ops-1 grafana       grafana/grafana:11.0.0                  running    healthy   2   180  480 3000:3000
ops-1 prometheus    prom/prometheus:v2.52.0                 running    none      11  912  480 9090:9090
ops-1 loki          grafana/loki:3.0.0                      running    none      6   505  480 3100:3100
ops-1 alertmanager  prom/alertmanager:v0.27.0               running    none      0   33   480 9093:9093
ops-1 backup        registry.example.com/ops/backup:0.4     exited     none      -   -    -   -
"""

# seconds before noon, container, action, what the engine says besides
HAPPENED = """
590 node-exporter@app-1 start
560 mailer@app-2    loop        12
480 migrate@app-2   create
479 migrate@app-2   start
431 migrate@app-2   die         exitCode=0
320 web-2@app-2     kill        signal=15
318 web-2@app-2     die         exitCode=143
318 web-2@app-2     stop
317 web-2@app-2     start
317 web-2@app-2     restart
305 rabbit@app-2    health_status:_unhealthy
130 pgbouncer@db-1  kill        signal=1
70  backup@ops-1    create
69  backup@ops-1    start
41  backup@ops-1    oom
41  backup@ops-1    die         exitCode=137
"""

Made = tuple[Container, Usage | None]


def shop_fleet() -> FakeFleet:
    """The fleet at noon."""
    hosts: dict[str, list[Made]] = {}
    for line in TABLE.strip().splitlines():
        made = _made(*line.split())
        hosts.setdefault(made[0].host, []).append(made)
    lost = {"state": HostState.LOST, "since": NOON - 12, "reason": "no answer for 15 s", "retry_at": NOON + 4}
    fleet = FakeFleet(
        *(
            snapshot(
                name,
                [found for found, _ in table],
                usage={found.id: usage for found, usage in table if usage},
                **(lost if name == "db-1" else {}),  # type: ignore[arg-type]
            )
            for name, table in hosts.items()
        )
    )
    by_name = {f"{found.name}@{found.host}": found for table in hosts.values() for found, _ in table}
    fleet.given = (
        problem("db-1", ProblemKind.HOST, NOON - 12),
        problem(by_name["rabbit@app-2"], ProblemKind.UNHEALTHY, NOON - 300),
        problem(by_name["mailer@app-2"], ProblemKind.RESTARTING, NOON - 600),
    )
    fleet.happen(*_happened(by_name))
    return fleet


def _happened(by_name: Mapping[str, Container]) -> Iterator[EngineEvent]:
    for line in HAPPENED.strip().splitlines():
        before, name, action, *said = line.split()
        found, at = by_name[name], -float(before)
        if action == "loop":
            for n in range(int(said[0])):
                yield happening(found, "die", at + 40 * n, exitCode="1")
                yield happening(found, "start", at + 40 * n + 5)
        else:
            attributes = dict(pair.split("=") for pair in said)
            yield happening(found, action.replace("_u", " u"), at, **attributes)


def _made(
    host: str, name: str, image: str, state: str, health: str, cpu: str, mem: str, up: str, ports: str
) -> Made:
    pairs = [pair.split(":") for pair in ports.split(",") if pair != "-"]
    found = container(
        host,
        name,
        image=safe(image),
        state=ContainerState(state),
        health=Health(health),
        started=None if up == "-" else NOON - 3600 * float(up) - 40,
        exit_code=0 if state == "exited" else 1 if state == "restarting" else None,
        restarts=17 if state == "restarting" else 0,
        labels={"com.docker.compose.project": safe("tools" if host == "ops-1" else "shop")},
        ports=tuple(Port(int(private), int(public)) for public, private in pairs),
    )
    return found, None if cpu == "-" else using(float(cpu), int(mem) << 20)
