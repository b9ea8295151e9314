"""Who writes which log of the demo. Imported when somebody reads one.

The story they tell: the database moved to db-1 and the web server on app-1 was not told, so its carts and
checkouts fail; nobody empties a queue on app-2, so the broker ran out of memory, blocks publishers, and the
mailer fails for that; a monthly report was killed for its size; and the disk of app-2 is nearly full.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from console.transport.memory.authors import Author
from console.transport.memory.voices import database, jobs, proxy, watchers, web
from console.transport.memory.voices.author import Clockface

TALKS: Mapping[str, tuple[watchers.Talk, float]] = {
    "prometheus": (watchers.prometheus, 0.04),
    "grafana": (watchers.grafana, 0.06),
    "loki": (watchers.loki, 0.08),
    "promtail": (watchers.promtail, 0.005),
    "registry": (watchers.registry, 0.02),
    "node-exporter": (watchers.node_exporter, 0.002),
    "postgres-exporter": (watchers.postgres_exporter, 0.003),
    "dockcon-loki": (proxy.well, 0.002),
    "dockcon-mq": (proxy.at_a_loss, 0.004),
}
"""What talks in single lines, and how many a second."""


def author(host: str, name: str, begin: float, ahead: float) -> Author:
    """Who writes a container's log. `begin`: when the demo begins, seconds of the fleet's clock, which the
    host's clock is `ahead` of.
    """
    face = Clockface(ahead)
    if name in TALKS:
        talk, rate = TALKS[name]
        return watchers.chatter(f"{host}/{name}", face, rate, talk)
    match name:
        case "nginx":
            return web.nginx(host, face)
        case "web":
            return web.web(host, face)
        case "worker":
            return jobs.worker(host, face, begin)
        case "rabbit":
            return jobs.rabbit(face, begin)
        case "mailer":
            return jobs.Mailer(face, begin)
    return ALONE[name](face)


ALONE: Mapping[str, Callable[[Clockface], Author]] = {
    "search": web.search,
    "redis": jobs.redis,
    "report": jobs.report,
    "cron": jobs.cron,
    "cleanup": jobs.cleanup,
    "migrate": lambda face: jobs.migrate(),
    "postgres": database.postgres,
    "pgbouncer": database.pgbouncer,
    "backup": database.backup,
    "pgadmin": database.pgadmin,
}
"""Who there is once in the fleet."""
