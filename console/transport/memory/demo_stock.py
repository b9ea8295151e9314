"""What the demo's hosts have in store beside what their containers use: what gathers in a few months."""

from __future__ import annotations

from console.transport.memory.containers import stable_hex
from console.transport.memory.demo_data import DAY, HOUR, MB, REGISTRY
from console.transport.memory.nets import MemoryNetwork
from console.transport.memory.shelf import MemoryImage, MemoryVolume, Shelf

GB = 1 << 30

SIZES = {
    f"{REGISTRY}/shop-web": 412 * MB,
    f"{REGISTRY}/shop-worker": 431 * MB,
    f"{REGISTRY}/shop-report": 688 * MB,
    f"{REGISTRY}/shop-mailer": 214 * MB,
    f"{REGISTRY}/shop-cron": 398 * MB,
    "nginx:": 47 * MB,
    "redis:": 41 * MB,
    "getmeili/": 174 * MB,
    "gcr.io/cadvisor": 80 * MB,
    "prom/node-exporter": 25 * MB,
    "prom/prometheus": 280 * MB,
    "grafana/promtail": 195 * MB,
    "grafana/loki": 99 * MB,
    "grafana/grafana": 486 * MB,
    "rabbitmq:": 251 * MB,
    "alpine:": 8 * MB,
    "registry:": 25 * MB,
    "postgres:": 432 * MB,
    "edoburu/pgbouncer": 19 * MB,
    "quay.io/prometheuscommunity": 22 * MB,
    "prodrigestivill/": 441 * MB,
    "dpage/pgadmin4": 512 * MB,
    # Volumes
    "certs": 212 << 10,
    "redis-data": 96 * MB,
    "search-data": 3 * GB,
    "rabbit-data": 740 * MB,
    "registry": 61 * GB,
    "grafana": 58 * MB,
    "loki": 19 * GB,
    "prometheus": 11 * GB,
    "pgdata": 141 * GB,
}
"""Bytes of images by the beginning of a tag, and of volumes by name."""

OLD_IMAGES = {
    "app-1": (
        (f"{REGISTRY}/shop-web:4.18.1", 412, 9),
        (f"{REGISTRY}/shop-web:4.17.4", 409, 24),
        (f"{REGISTRY}/shop-worker:4.17.4", 428, 24),
        ("redis:7.2-alpine", 40, 70),
        ("", 411, 11),
        ("", 388, 13),
    ),
    "app-2": (
        (f"{REGISTRY}/shop-web:4.18.1", 412, 9),
        (f"{REGISTRY}/shop-web:4.17.4", 409, 24),
        (f"{REGISTRY}/shop-worker:4.18.1", 430, 9),
        (f"{REGISTRY}/shop-worker:4.17.4", 428, 24),
        (f"{REGISTRY}/shop-importer:2.0.0", 2210, 61),
        ("grafana/grafana:10.4.2", 399, 120),
        ("rabbitmq:3.12-management", 249, 140),
        ("", 430, 10),
        ("", 431, 12),
        ("", 2190, 62),
        ("", 2188, 63),
    ),
    "db-1": (("postgres:15.8", 426, 90), ("dpage/pgadmin4:8.6", 503, 110)),
}
"""Tag (none: its tag is that of a newer build now), MiB, days ago."""

OLD_VOLUMES = {
    "app-1": (("search-data-v1.10", 2870, 40, ()), ("", 118, 9, ())),
    "app-2": (
        ("importer-scratch", 7400, 61, (("com.docker.compose.project", "shop"),)),
        ("", 96, 12, ()),
        ("", 1240, 30, ()),
        ("", 64, 33, ()),
    ),
    "db-1": (("pgdata-15", 38400, 90, ()),),
}
"""Name (none: anonymous), MiB, days ago, labels."""


def furnish(host: str, shelf: Shelf, now: float) -> None:
    """Put it there; `now` is seconds of the Unix epoch by the host's clock."""
    shelf.sizes = SIZES | ({"build cache": 3 * GB} if host == "app-2" else {})
    for position, (tag, size, age) in enumerate(OLD_IMAGES[host]):
        seed = f"demo/{host}/{tag}/{position}"
        repository = tag.rpartition(":")[0] or f"{REGISTRY}/shop-{'importer' if size > 2000 else 'worker'}"
        shelf.put(
            MemoryImage(
                id="sha256:" + stable_hex(tag or seed),
                tags=(tag,) if tag else (),
                digests=(f"{repository}@sha256:{stable_hex(seed + '/digest')}",),
                size=size * MB,
                shared=min(size // 2, 74) * MB,
                created=now - age * DAY - position * HOUR,
            )
        )
    for position, (name, size, age, labels) in enumerate(OLD_VOLUMES[host]):
        made = now - age * DAY - position * HOUR
        seed = name or stable_hex(f"demo/{host}/volume/{position}")
        shelf.put(MemoryVolume(name=seed, size=size * MB, created=made, labels=dict(labels)))
    for name, subnet, age in (("legacy_default", "172.29.0.0/16", 120), ("test_back", "172.30.0.0/16", 12)):
        if host != "db-1":
            shelf.put(
                MemoryNetwork(name=name, subnet=subnet, internal="back" in name, created=now - age * DAY)
            )
