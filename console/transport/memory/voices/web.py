"""What the shop's front of the demo writes: proxies, web servers, and the search behind them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from random import Random

from console.transport.memory.voices.author import ERR, OUT, SLOT, Chronicle, Clockface, Line, every
from console.transport.memory.voices.traffic import Visit, order_number, visits

ENCODE = json.JSONEncoder(separators=(",", ":")).encode

OLD_DATABASE = "10.0.0.29:5432"


def nginx(host: str, face: Clockface) -> Chronicle:
    """Access lines on stdout, what is missing on stderr."""

    def draw(chance: Random, slot: int) -> Iterator[Line]:
        start = slot * SLOT
        for visit in visits(host, slot):
            at = start + visit.at
            yield visit.at, OUT, _access(visit, face.plain(at, "%d/%b/%Y:%H:%M:%S"))
            if visit.status == 404:
                yield visit.at - 0.0004, ERR, _missing(visit, face.plain(at, "%Y/%m/%d %H:%M:%S"), chance)
        for at in every(slot, 10, 3.1):
            stamp = face.plain(start + at, "%d/%b/%Y:%H:%M:%S")
            yield at, OUT, f'127.0.0.1 - - [{stamp} +0000] "GET /healthz HTTP/1.1" 200 3 "-" "Wget"'

    def boot(start: float) -> Sequence[Line]:
        stamp = face.plain(start, "%Y/%m/%d %H:%M:%S")
        return (
            (0.02, OUT, "/docker-entrypoint.sh: Configuration complete; ready for start up"),
            (0.05, ERR, f"{stamp} [notice] 1#1: nginx/1.27.3\n{stamp} [notice] 1#1: start worker processes"),
        )

    return Chronicle(f"{host}/nginx", draw, boot)


def _access(visit: Visit, stamp: str) -> str:
    request = f"{visit.method} {visit.path} HTTP/1.1"
    return (
        f'{visit.client} - - [{stamp} +0000] "{request}" {visit.status} {visit.size}'
        f' "-" "{visit.agent}" rt={visit.seconds:.3f} trace={visit.trace}'
    )


def _missing(visit: Visit, stamp: str, chance: Random) -> str:
    return (
        f"{stamp} [error] {chance.randrange(29, 33)}#0: *{chance.randrange(10_000, 99_999)} open() "
        f'"/usr/share/nginx/html{visit.path}" failed (2: No such file or directory), client: {visit.client}'
    )


def web(host: str, face: Clockface) -> Chronicle:
    """One JSON object a line: requests on stdout, what went wrong on stderr."""
    cut_off = host == "app-1"

    def draw(chance: Random, slot: int) -> Iterator[Line]:
        start = slot * SLOT
        for visit in visits(host, slot):
            if visit.needs != "static":
                at = visit.at - 0.0006
                yield at, ERR if visit.status >= 500 else OUT, _request(visit, face.iso(start + at))
            if visit.path == "/checkout" and visit.status == 201:
                order = order_number(slot, visit)
                done = {"msg": f"order {order} placed", "order": order, "trace_id": visit.trace}
                yield visit.at - 0.0021, OUT, _json(face.iso(start + visit.at), "info", done)
        for at in every(slot, 10, 7.4):
            probe = {"msg": "request", "method": "GET", "path": "/healthz", "status": 200, "duration_ms": 0.6}
            yield at, OUT, _json(face.iso(start + at), "info", probe)
        if cut_off:
            yield from _without_database(face, chance, slot)

    def boot(start: float) -> Sequence[Line]:
        stamp = face.plain(start)
        return (
            (0.31, ERR, f"[{stamp} +0000] [1] [INFO] Starting gunicorn 23.0.0"),
            (0.32, ERR, f"[{stamp} +0000] [1] [INFO] Listening at: http://0.0.0.0:8080 (1)"),
            *(
                (0.33 + n / 100, ERR, f"[{stamp} +0000] [{7 + n}] [INFO] Booting worker with pid: {7 + n}")
                for n in range(4)
            ),
        )

    return Chronicle(f"{host}/web", draw, boot)


def _json(stamp: str, level: str, fields: dict[str, object]) -> str:
    return ENCODE({"time": stamp, "level": level, **fields})


def _request(visit: Visit, stamp: str) -> str:
    failed = visit.status >= 500
    level = "error" if failed else "warn" if visit.slow else "info"
    words = "upstream db:5432 refused" if failed else "slow request" if visit.slow else "request"
    fields: dict[str, object] = {
        "msg": words,
        "method": visit.method,
        "path": visit.path,
        "status": visit.status,
        "duration_ms": round(visit.seconds * 1000, 1),
        "trace_id": visit.trace,
    }
    if failed:
        fields["error"] = f"connect to {OLD_DATABASE}: connection refused"
    elif visit.needs == "cache":
        fields["cache"] = "hit"
    return _json(stamp, level, fields)


def _without_database(face: Clockface, chance: Random, slot: int) -> Iterator[Line]:
    """What the pool of a server says that cannot reach its database."""
    start = slot * SLOT
    for at in every(slot, SLOT, 11.3):
        pool = {"msg": "db pool empty: 0 of 10 connections", "upstream": "db:5432", "retry_in_s": 30}
        yield at, ERR, _json(face.iso(start + at), "warn", pool)
    for at in every(slot, 240, 100.6):
        port = OLD_DATABASE.replace(":", '", port ')
        yield at, ERR, REFUSED.format(stamp=face.plain(start + at), pid=chance.randrange(7, 11), port=port)


REFUSED = """\
[{stamp} +0000] [{pid}] [ERROR] the pool could not open a connection
Traceback (most recent call last):
  File "/app/shop/db.py", line 41, in connect
    return psycopg.connect(settings.DATABASE_URL, connect_timeout=3)
  File "/usr/local/lib/python3.12/site-packages/psycopg/connection.py", line 119, in connect
    raise last_ex.with_traceback(None)
psycopg.OperationalError: connection failed: connection to server at "{port} failed: Connection refused
\tIs the server running on that host and accepting TCP/IP connections?"""

DIM, GREEN, YELLOW, BOLD, PLAIN = "\x1b[2m", "\x1b[32m", "\x1b[33m", "\x1b[1m", "\x1b[0m"


def search(face: Clockface) -> Chronicle:
    """On a terminal: colours, and an index that is built again and again with a progress in one line."""

    def draw(chance: Random, slot: int) -> Iterator[Line]:
        start = slot * SLOT
        for visit in visits("app-1", slot):
            if visit.needs == "search":
                at, took = visit.at - 0.003, visit.seconds * 1000
                words = f"{BOLD}GET {visit.path.replace('/search', '/indexes/products/search')}{PLAIN}"
                level = f"{YELLOW} WARN{PLAIN}" if took > 115 else f"{GREEN} INFO{PLAIN}"
                yield at, OUT, f"{DIM}{face.iso(start + at)}{PLAIN} {level} {words} 200 {took:.0f}ms"
        for at in every(slot, 120, 45.2):
            count = 1840 + slot % 97
            yield (
                at - 3.1,
                OUT,
                f"{DIM}{face.iso(start + at - 3.1)}{PLAIN} {GREEN} INFO{PLAIN} products changed",
            )
            yield at, OUT, _progress(count)
            done = f"{count} products indexed in {chance.uniform(2.2, 3.0):.1f}s"
            yield at + 0.01, OUT, f"{DIM}{face.iso(start + at)}{PLAIN} {GREEN} INFO{PLAIN} {done}"

    return Chronicle("app-1/search", draw)


def _progress(count: int) -> str:
    """What a terminal shows as one line that fills."""
    steps = []
    for tenths in range(11):
        bar = "#" * (2 * tenths) + "." * (20 - 2 * tenths)
        steps.append(f"indexing [{GREEN}{bar}{PLAIN}] {tenths * 10:3d}% {count * tenths // 10}/{count}")
    return "\r".join(steps)
