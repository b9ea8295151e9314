"""What the demo's database and the watchers beside it write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from console.transport.memory.voices.author import (
    ERR,
    OUT,
    SLOT,
    Chronicle,
    Clockface,
    Episode,
    Line,
    every,
    moments,
)
from console.transport.memory.voices.traffic import visits

STATEMENTS = {
    "/cart": "SELECT i.sku, i.count, p.price FROM cart_items i JOIN products p USING (sku)\n"
    "\tWHERE i.cart_id = $1 ORDER BY i.added",
    "/cart/items": "INSERT INTO cart_items (cart_id, sku, count) VALUES ($1, $2, $3)",
    "/checkout": "INSERT INTO orders (customer_id, total, placed) VALUES ($1, $2, now()) RETURNING id",
    "/account/orders": "SELECT o.*, count(l.*) FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id\n"
    "\tWHERE o.customer_id = $1 GROUP BY o.id ORDER BY o.placed DESC",
}

CLIENTS = (("10.0.0.12", "web@app-2"), ("10.0.0.12", "worker@app-2"), ("10.0.0.11", "worker@app-1"))
"""Who the database ever sees: web@app-1 is not among them."""


def postgres(face: Clockface) -> Chronicle:
    """Everything on stderr: connections, checkpoints, and the queries the shop waited for."""

    def say(at: float, pid: int, level: str, words: str) -> str:
        return f"{face.milli(at)} UTC [{pid}] {level}:  {words}"

    def draw(chance: Random, slot: int) -> Iterator[Line]:
        start = slot * SLOT
        for visit in visits("app-2", slot):
            if visit.slow:
                at, took = visit.at - 0.011, visit.seconds * 1000 - 14
                words = (
                    f"duration: {took:.3f} ms  execute: {STATEMENTS[visit.path]} /* trace={visit.trace} */"
                )
                yield at, ERR, say(start + at, chance.randrange(400, 460), "LOG", words)
        for at in moments(chance, 0.12):
            host, who = chance.choice(CLIENTS)
            pid, port = chance.randrange(460, 990), chance.randrange(33_000, 60_000)
            yield at, ERR, say(start + at, pid, "LOG", f"connection received: host={host} port={port}")
            words = f"connection authorized: user=shop database=shop application_name={who}"
            yield at + 0.003, ERR, say(start + at + 0.003, pid, "LOG", words)
        for at in moments(chance, 0.006):
            key = f"Key (email)=(visitor{chance.randrange(100, 999)}@mail.example) already exists."
            pid = chance.randrange(400, 460)
            texts = [
                say(start + at, pid, level, words)
                for level, words in (("ERROR", DOUBLE), ("DETAIL", key), ("STATEMENT", SIGN_UP))
            ]
            yield at, ERR, "\n".join(texts)
        for at in every(slot, 210, 77.1):
            yield at, ERR, say(start + at, chance.randrange(990, 1300), "LOG", _vacuum(chance))
        for at in every(slot, 300, 40.2):
            yield at, ERR, say(start + at, 27, "LOG", "checkpoint starting: time")
        for at in every(slot, 300, 129.9):
            yield at, ERR, say(start + at, 27, "LOG", _checkpoint(chance))

    def boot(start: float) -> Sequence[Line]:
        return (
            (0.05, ERR, say(start, 1, "LOG", "starting PostgreSQL 16.4 (Debian 16.4-1.pgdg120+2)")),
            (0.06, ERR, say(start, 1, "LOG", 'listening on IPv4 address "0.0.0.0", port 5432')),
            (0.31, ERR, say(start, 1, "LOG", "database system is ready to accept connections")),
        )

    return Chronicle("db-1/postgres", draw, boot)


DOUBLE = 'duplicate key value violates unique constraint "customers_email_key"'
SIGN_UP = "INSERT INTO customers (email, name) VALUES ($1, $2) RETURNING id"


def _vacuum(chance: Random) -> str:
    gone, left = chance.randrange(900, 4000), chance.randrange(20_000, 40_000)
    return (
        f'automatic vacuum of table "shop.public.cart_items": index scans: 1\n'
        f"\tpages: 0 removed, {left // 60} remain, {gone // 40} scanned\n"
        f"\ttuples: {gone} removed, {left} remain, 0 are dead but not yet removable"
    )


def _checkpoint(chance: Random) -> str:
    buffers, sync = chance.randrange(400, 1900), chance.randrange(20, 70)
    return (
        f"checkpoint complete: wrote {buffers} buffers ({buffers / 2621:.1f}%); 0 WAL file(s) added, "
        f"0 removed, 1 recycled; write=89.712 s, sync=0.0{sync} s, total=89.8{sync} s"
    )


def pgbouncer(face: Clockface) -> Chronicle:
    """Its figures once a minute, and who logs in."""

    def draw(chance: Random, slot: int) -> Iterator[Line]:
        start = slot * SLOT
        for at in every(slot, 60, 22.8):
            work, wait = chance.randrange(31, 58), chance.randrange(0, 40)
            traffic = f"in {work * 310} B/s, out {work * 920} B/s"
            words = (
                f"stats: {work} xacts/s, {int(work * 1.4)} queries/s, {traffic}, "
                f"xact {chance.randrange(2100, 5200)} us, query {chance.randrange(900, 2300)} us, "
                f"wait {wait} us"
            )
            yield at, ERR, f"{face.milli(start + at)} UTC [1] LOG {words}"
        for at in moments(chance, 0.02):
            client = (
                f"C-0x{chance.getrandbits(32):012x}: shop/shop@10.0.0.12:{chance.randrange(33_000, 60_000)}"
            )
            yield (
                at,
                ERR,
                f"{face.milli(start + at)} UTC [1] LOG {client} login attempt: db=shop user=shop tls=no",
            )

    return Chronicle("db-1/pgbouncer", draw)


def backup(face: Clockface) -> Episode:
    """A night's dump."""

    def tell(start: float) -> Sequence[Line]:
        def say(at: float, words: str) -> Line:
            return at, OUT, f"{face.plain(start + at)} {words}"

        return (
            say(0.1, "backup of database shop begins"),
            (1.9, ERR, 'pg_dump: warning: there are circular foreign-key constraints on table "categories"'),
            say(5.8, "shop-nightly.sql.gz: 412 MiB"),
            say(7.1, "uploaded to s3://shop-backup/nightly (sha256 ok)"),
            say(7.3, "kept: 7 daily, 4 weekly, 6 monthly; done"),
        )

    return Episode(tell)


def pgadmin(face: Clockface) -> Episode:
    """Stopped by an operator."""

    def tell(start: float) -> Sequence[Line]:
        def say(at: float, words: str) -> Line:
            return at, ERR, f"[{face.plain(start + at)} +0000] [1] [INFO] {words}"

        return (
            say(0.7, "Starting gunicorn 22.0.0"),
            say(0.8, "Listening at: http://[::]:80 (1)"),
            say(7.2, "Handling signal: term"),
            say(7.4, "Shutting down: Master"),
        )

    return Episode(tell)
