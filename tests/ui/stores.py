"""The shop with what its hosts have in store: one data root is full."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from console.model.problems import ProblemKind
from console.model.stock.things import DiskUsage, Image, Network, Stock, Volume
from console.model.text import SafeText, safe
from tests.ui.fleet import NOON, FakeFleet, problem
from tests.ui.shop import shop_fleet

MB = 1 << 20
DAY = 86400


def digest(name: str) -> str:
    return "sha256:" + hashlib.sha256(name.encode()).hexdigest()


def image(host: str, tag: str, size: int, age: int, *, more: tuple[str, ...] = ()) -> Image:
    tags = tuple(t for t in (tag, *more) if t)
    return Image(
        host=host,
        id=digest(tag or f"{age}{host}"),
        tags=tuple(map(safe, tags)),
        pins=tags,
        digests=(safe(f"{tag.partition(':')[0] or 'registry.example.com/shop/web'}@sha256:{'a' * 64}"),),
        size=size * MB,
        shared=74 * MB if size > 100 else 0,
        created=NOON - age * DAY,
    )


def volume(host: str, name: str, size: int | None, age: int) -> Volume:
    return Volume(
        host=host,
        id=name,
        name=safe(name),
        driver=safe("local"),
        pins=("then",),
        size=None if size is None else size * MB,
        created=NOON - age * DAY,
        anonymous=len(name) == 64,
    )


def network(host: str, name: str, subnet: str) -> Network:
    return Network(
        host=host,
        id=name * 8,
        name=safe(name),
        driver=safe("bridge"),
        scope=safe("local"),
        subnets=(safe(subnet),),
        builtin=name == "bridge",
    )


def stored_fleet() -> FakeFleet:
    """The shop's containers use images, volumes and networks; more has gathered, most of it on app-2."""
    fleet = shop_fleet()
    for host in ("app-1", "app-2", "db-1", "ops-1"):
        snapshot = fleet.newest(host)
        table = {
            key: replace(
                c, image_id=digest(c.image), networks=(safe("shop_default"),), volumes=_volumes(c.name)
            )
            for key, c in snapshot.containers.items()
        }
        used = sorted({c.image for c in table.values()})
        images = [image(host, tag, 120 + 40 * n, 20 + n) for n, tag in enumerate(used)]
        volumes = [volume(host, v, 900, 90) for c in table.values() for v in c.volumes]
        if host == "app-2":
            images += [
                image(host, "registry.example.com/shop/web:2.13.0", 412, 40),
                image(host, "", 431, 44),
                image(host, "redis:6", 38, 300, more=("cache:old",)),
            ]
            volumes += [volume(host, "scratch", 7400, 61), volume(host, "f" * 64, None, 30)]
        stock = Stock(
            images=tuple(images),
            volumes=tuple(volumes),
            networks=(
                network(host, "bridge", "172.17.0.0/16"),
                network(host, "shop_default", "172.18.0.0/16"),
            )
            + ((network(host, "legacy", "172.30.0.0/16"),) if host == "app-2" else ()),
            read=NOON - 5,
            usage=DiskUsage(at=NOON - 60, layers=9000 * MB, writable=88 * MB),
        )
        load = snapshot.load
        assert load is not None
        if host == "app-2":
            load = replace(load, disk_total=120 << 30, disk_used=111 << 30)
        fleet.show(replace(snapshot, containers=table, stock=stock, load=load))
    given = (*fleet.given, problem("app-2", ProblemKind.DISK))
    fleet.show(problems=given)
    return fleet


def _volumes(name: str) -> tuple[SafeText, ...]:
    return (safe(f"{name}-data"),) if name in ("postgres", "grafana", "rabbit") else ()
