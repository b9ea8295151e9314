"""What watches the demo's hosts writes: one line now and then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from console.transport.memory.voices.author import ERR, SLOT, Chronicle, Clockface, Line, moments

Talk = Callable[[Clockface, Random, float], str]
"""One line at a moment."""


def chatter(name: str, face: Clockface, rate: float, talk: Talk, stream: int = ERR) -> Chronicle:
    """So many lines a second, each as `talk` has it."""

    def draw(chance: Random, slot: int) -> Iterator[Line]:
        for at in moments(chance, rate):
            yield at, stream, talk(face, chance, slot * SLOT + at)

    return Chronicle(name, draw)


def prometheus(face: Clockface, chance: Random, at: float) -> str:
    """Blocks are written; one target of the fleet was scraped too late."""
    head = f"ts={face.iso(at)} caller="
    kind = chance.randrange(5)
    if kind == 0:
        target = chance.choice(["10.0.0.11:9180", "10.0.0.21:9187"])
        words = (
            f'msg="Append failed" scrape_pool=fleet target=http://{target}/metrics err="out of order sample"'
        )
        return f'{head}scrape.go:1777 level=warn component="scrape manager" {words}'
    if kind < 3:
        size = chance.randrange(21, 60)
        return f'{head}head.go:1355 level=info component=tsdb msg="Head GC completed" took={size}ms'
    segment = int(at) // 3600 % 100_000
    return (
        f'{head}checkpoint.go:101 level=info component=tsdb msg="Creating checkpoint" from_segment={segment}'
    )


def grafana(face: Clockface, chance: Random, at: float) -> str:
    """People look at dashboards."""
    path, took = chance.choice(PANELS), chance.randrange(8, 140)
    who = chance.choice(["ops", "dba", "admin"])
    words = f"method=GET path={path} status=200 remote_addr=10.0.0.40 time_ms={took} uname={who}"
    return f'logger=context t={face.iso(at)} level=info msg="Request Completed" {words}'


PANELS = ("/d/shop/overview", "/api/ds/query", "/api/annotations", "/d/pg/postgres", "/api/live/ws")


def loki(face: Clockface, chance: Random, at: float) -> str:
    """Queries, and streams that are flushed."""
    head = f"level=info ts={face.iso(at)} caller="
    if chance.random() < 0.5:
        took, size = chance.randrange(3, 90), chance.randrange(40, 900)
        words = (
            f'query="{{host=\\"app-1\\"}} |= \\"refused\\"" duration={took}ms total_bytes={size}kB status=200'
        )
        return f"{head}metrics.go:223 component=querier org_id=fake latency=fast {words}"
    return f'{head}flush.go:311 msg="flushing stream" user=fake num_chunks={chance.randrange(1, 4)}'


def promtail(face: Clockface, chance: Random, at: float) -> str:
    """Files are found and tailed."""
    name = f"/var/lib/docker/containers/{chance.getrandbits(48):012x}/log.json"
    return f'level=info ts={face.iso(at)} caller=tailer.go:207 msg="tail routine: started" path={name}'


def registry(face: Clockface, chance: Random, at: float) -> str:
    """Images are asked for."""
    image = chance.choice(["shop-web", "shop-worker", "shop-mailer", "shop-report"])
    stamp = face.plain(at, "%d/%b/%Y:%H:%M:%S")
    digest = f"{chance.getrandbits(48):012x}"
    asked = f"GET /v2/{image}/manifests/sha256:{digest} HTTP/1.1"
    client, size = f"10.0.0.1{chance.randrange(1, 3)}", chance.randrange(1400, 3200)
    return f'{client} - - [{stamp} +0000] "{asked}" 200 {size} "" "docker/27.3.1"'


def node_exporter(face: Clockface, chance: Random, at: float) -> str:
    """Hardly anything."""
    return (
        f"ts={face.iso(at)} caller=textfile.go:219 level=info collector=textfile "
        f'msg="file read" file=raid.prom duration_seconds={chance.uniform(0.0001, 0.0004):.6f}'
    )


def postgres_exporter(face: Clockface, chance: Random, at: float) -> str:
    """A slow collector now and then."""
    took = chance.uniform(1.0, 2.2)
    return (
        f"ts={face.iso(at)} caller=collector.go:194 level=warn collector=stat_user_tables "
        f'msg="collector took long" duration_seconds={took:.3f}'
    )
