"""What works behind the demo's shop writes: workers, the broker, the mailer that fails, and jobs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from console.model.logs.lines import LogFrames
from console.transport.memory.voices.author import (
    ERR,
    OUT,
    SECOND,
    SLOT,
    Chronicle,
    Clockface,
    Episode,
    Line,
    dice,
    every,
    moments,
)
from console.transport.memory.voices.traffic import GOODS, order_number, orders

ALARM_BEFORE = 12 * 60
"""Seconds before the demo begins at which the broker ran out of memory."""

BACKLOG = 184_212
"""Messages in the queue that nobody empties, from then on."""

TASKS = ("thumbnail", "thumbnail", "sync_stock", "sync_stock", "price_feed", "send_digest", "abandoned_carts")

CUSTOMERS = ("Anna Berg", "Zoë Müller", "João Silva", "Łukasz Nowak", "Olena Koval", "王芳", "Sam O'Neill")

TIMED_OUT = """\
Traceback (most recent call last):
  File "/usr/local/lib/python3.12/site-packages/celery/app/trace.py", line 453, in trace_task
    R = retval = fun(*args, **kwargs)
                 ^^^^^^^^^^^^^^^^^^^^
  File "/app/shop/tasks.py", line 88, in sync_stock
    stock = erp.stock(sku, timeout=5)
            ^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/app/shop/erp.py", line 31, in stock
    reply = session.get(f"{ERP}/stock/{sku}", timeout=timeout)
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
requests.exceptions.ReadTimeout: HTTPSConnectionPool(host='erp.shop.example', port=443): Read timed out. \
(read timeout=5)"""


def worker(host: str, face: Clockface, begin: float) -> Chronicle:
    """Celery: everything on stderr, what its tasks print on stdout."""
    mine = 0 if host == "app-1" else 1

    def say(at: float, level: str, who: str, words: str) -> str:
        return f"[{face.milli(at, ',')}: {level}/{who}] {words}"

    def task(chance: Random, start: float, at: float, name: str, note: str) -> Iterator[Line]:
        task_id = f"{chance.getrandbits(32):08x}-{chance.getrandbits(16):04x}"
        full, pool = f"shop.tasks.{name}[{task_id}]", f"ForkPoolWorker-{chance.randrange(1, 5)}"
        yield at, ERR, say(start + at, "INFO", "MainProcess", f"Task {full} received")
        if name == "sync_stock" and chance.random() < 0.05:
            late = min(at + 5.02, SLOT - 0.1)
            words = f"Task {full} raised unexpected: ReadTimeout\n{TIMED_OUT}"
            yield late, ERR, say(start + late, "ERROR", pool, words)
            return
        took = chance.uniform(0.06, 0.19)
        if note:
            yield at + took - 0.004, OUT, note
        done = f"Task {full} succeeded in {took:.3f}s: None"
        yield at + took, ERR, say(start + at + took, "INFO", pool, done)

    def draw(chance: Random, slot: int) -> Iterator[Line]:
        start = slot * SLOT
        for at in moments(chance, 0.25):
            name = chance.choice(TASKS)
            yield from task(chance, start, at, name, _printed(name, chance))
        for visit in orders(slot):
            if int(visit.trace, 16) % 2 == mine:
                order = order_number(slot, visit)
                at = visit.at + 0.021
                note = f"order {order}: invoice for {chance.choice(CUSTOMERS)} written"
                yield from task(chance, start, at, "confirm_order", note)
                if start + at > begin - ALARM_BEFORE:
                    words = f"order {order}: mail not queued: broker blocks publishers (low on memory)"
                    yield at + 0.055, ERR, say(start + at, "WARNING", "ForkPoolWorker-1", words)

    def boot(start: float) -> Sequence[Line]:
        return (
            (0.9, OUT, f" -------------- celery@{host} v5.4.0\n- *** --- * --- concurrency: 4 (prefork)"),
            (
                1.3,
                ERR,
                say(start + 1.3, "INFO", "MainProcess", "Connected to amqp://shop:**@10.0.0.12:5672/shop"),
            ),
            (1.4, ERR, say(start + 1.4, "INFO", "MainProcess", f"celery@{host} ready.")),
        )

    return Chronicle(f"{host}/worker", draw, boot)


def _printed(task: str, chance: Random) -> str:
    """What a task prints besides."""
    count = chance.randrange(31, 140)
    sku, goods = chance.choice(GOODS)
    if task == "thumbnail":
        return f"{sku}-{goods}.jpg -> 1200x800 webp, {count} kB"
    if task == "abandoned_carts":
        return f"{count // 9} carts older than 24 h"
    return f"{count * 12} prices compared, {count % 7} changed" if task == "price_feed" else ""


def rabbit(face: Clockface, begin: float) -> Chronicle:
    """Connections come and go; then memory runs out, and publishers are blocked."""

    def say(at: float, level: str, words: str, chance: Random) -> str:
        head = f"{face.milli(at)}000+00:00 [{level}] <0.{chance.randrange(700, 9000)}.0> "
        return "\n".join(head + line for line in words.split("\n"))

    def draw(chance: Random, slot: int) -> Iterator[Line]:
        start = slot * SLOT
        alarm = begin - ALARM_BEFORE
        for at in moments(chance, 0.05):
            peer = f"172.22.0.{chance.randrange(2, 9)}:{chance.randrange(33_000, 60_000)} -> 172.22.0.5:5672"
            yield at, OUT, say(start + at, "info", f"accepting AMQP connection ({peer})", chance)
            words = f"connection ({peer}): user 'shop' authenticated and granted access to vhost 'shop'"
            yield at + 0.006, OUT, say(start + at + 0.006, "info", words, chance)
        if start <= alarm < start + SLOT:
            yield alarm - start, OUT, say(alarm, "warning", MEMORY_ALARM, chance)
        for at in every(slot, 60, 17.7):
            if start + at > alarm - 1200:
                waiting = BACKLOG + min(0, int((start + at - alarm) * 96))
                words = f"queue 'clickstream' in vhost 'shop': {waiting} messages ready, 0 consumers"
                yield at, OUT, say(start + at, "warning", words, chance)
            if start + at > alarm:
                words = "memory resource limit alarm still set on node rabbit@app-2: publishers are blocked"
                yield at + 0.002, OUT, say(start + at, "warning", words, chance)

    def boot(start: float) -> Sequence[Line]:
        chance = dice("app-2/rabbit", int(start))
        return (
            (2.1, OUT, say(start + 2.1, "info", "Starting RabbitMQ 3.13.7 on Erlang 26.2.5.5", chance)),
            (6.4, OUT, say(start + 6.4, "info", "Server startup complete; 4 plugins started.", chance)),
        )

    return Chronicle("app-2/rabbit", draw, boot)


MEMORY_ALARM = """\
memory resource limit alarm set on node rabbit@app-2.

**********************************************************
*** Publishers will be blocked until this alarm clears ***
**********************************************************"""


class Mailer:
    """Sends mail while it can; once its broker blocks it, every start ends the same way."""

    def __init__(self, face: Clockface, begin: float) -> None:
        self._face, self._begin = face, begin
        self._well = Chronicle("app-2/mailer", self._send, lambda start: self._blocked(start)[:2])
        self._ill = Episode(self._blocked)

    def lines(self, begin: int, end: int, run: int) -> LogFrames:
        """As `Author`."""
        return (self._well if run / SECOND < self._begin else self._ill).lines(begin, end, run)

    def _send(self, chance: Random, slot: int) -> Iterator[Line]:
        start = slot * SLOT
        blocked = self._begin - ALARM_BEFORE
        for at in moments(chance, 0.12):
            if start + at < blocked:
                kind = chance.choice(["order-confirmed", "shipped", "newsletter", "password-reset"])
                mail = f"{chance.getrandbits(24):06x} {kind}"
                words = f"INFO  mail {mail} sent via smtp.shop.example (250 2.0.0 Ok)"
                yield at, OUT, f"{self._face.milli(start + at)} {words}"
        for at in every(slot, 20, 4.9):
            if start + at > blocked:
                waited = int(start + at - blocked)
                words = (
                    f"WARN  broker 10.0.0.12:5672 blocks this connection: low on memory ({waited} s so far)"
                )
                yield at, ERR, f"{self._face.milli(start + at)} {words}"

    def _blocked(self, start: float) -> Sequence[Line]:
        def say(after: float, level: str, words: str) -> Line:
            stream = OUT if level == "INFO" else ERR
            return after, stream, f"{self._face.milli(start + after)} {level:5} {words}"

        return (
            say(0.4, "INFO", "mailer 2.3.0 starts"),
            say(0.6, "INFO", "connected to amqp://shop:***@10.0.0.12:5672/shop"),
            say(0.7, "WARN", "broker 10.0.0.12:5672 blocks this connection: low on memory"),
            say(4.7, "WARN", "no publisher confirm for 4 s"),
        )


def redis(face: Clockface) -> Chronicle:
    """A snapshot every few minutes."""

    def draw(chance: Random, slot: int) -> Iterator[Line]:
        start = slot * SLOT
        for at in every(slot, 180, 63.3):
            stamp = face.plain(start + at, "%d %b %Y %H:%M:%S")
            changes, pid = chance.randrange(100, 900), chance.randrange(20, 9000)
            yield at, OUT, f"1:M {stamp}.{slot % 1000:03d} * {changes} changes in 180 seconds. Saving..."
            yield at + 0.02, OUT, f"1:M {stamp}.{slot % 1000:03d} * Background saving started by pid {pid}"
            copied = f"{pid}:C {stamp}.{slot % 1000:03d} * DB saved on disk"
            yield at + 0.08, OUT, copied
            yield at + 0.13, OUT, f"1:M {stamp}.{slot % 1000:03d} * Background saving terminated with success"

    return Chronicle("app-1/redis", draw)


def report(face: Clockface) -> Episode:
    """Loads a month into memory, and is killed for it: the log just stops."""

    def tell(start: float) -> Sequence[Line]:
        lines: list[Line] = [
            (0.4, OUT, f"{face.milli(start + 0.4)} INFO report 1.9.0: month 2025-05, 31 days")
        ]
        for day in range(1, 20):
            at = 0.6 + day * 0.35
            words = f"day {day:2d} of 31: {4200 + day * 37 % 900} orders, rss {38 + day * 11} MiB of 256 MiB"
            level, stream = ("WARN", ERR) if day > 17 else ("INFO", OUT)
            lines.append((at, stream, f"{face.milli(start + at)} {level} {words}"))
        return lines

    return Episode(tell)


def job(face: Clockface, *lines: tuple[float, str], stream: int = OUT) -> Episode:
    """Says what it has to say at fixed moments; `{}` in a line is the time."""

    def tell(start: float) -> Sequence[Line]:
        return [(at, stream, text.replace("{}", face.milli(start + at))) for at, text in lines]

    return Episode(tell)


def cron(face: Clockface) -> Episode:
    """Its one job could not write."""

    def tell(start: float) -> Sequence[Line]:
        def say(at: float, level: str, words: str) -> Line:
            return at, ERR, f'time="{face.plain(start + at, "%Y-%m-%dT%H:%M:%S")}Z" level={level} {words}'

        where = 'job.command=/scripts/rates.sh job.schedule="*/15 * * * *"'
        return (
            say(0.1, "info", 'msg="read crontab: /etc/crontab"'),
            say(2.0, "info", f"msg=starting iteration=0 {where}"),
            say(
                6.8,
                "info",
                f'msg="/var/cache/rates.json.tmp: write: no space left on device" channel=stderr {where}',
            ),
            say(6.9, "error", f'msg="error running command: exit status 1" iteration=0 {where}'),
            say(7.2, "fatal", 'msg="/etc/crontab: job failed, --exit-on-failure is set"'),
        )

    return Episode(tell)


def cleanup(face: Clockface) -> Episode:
    """Every minute; its host's disk is nearly full all the same."""

    def tell(start: float) -> Sequence[Line]:
        files = 3 + int(start) // 60 * 7 % 19
        return (
            (0.2, OUT, f"{face.plain(start)} cleanup: files older than 7 days in /var/tmp/uploads"),
            (3.4, OUT, f"{face.plain(start + 3)} cleanup: {files} files removed, {files * 1.7:.1f} MiB"),
            (5.1, ERR, f"{face.plain(start + 5)} cleanup: WARNING /var/lib/docker is 92% full (limit 90%)"),
        )

    return Episode(tell, again=60.0)


def migrate() -> Episode:
    """Django's migrations."""
    names = (
        "catalog.0041_price_index",
        "orders.0107_invoice_number",
        "orders.0108_backfill",
        "sessions.0002_purge",
    )
    texts = [f"  Applying {name}... OK" for name in names]
    first = "Operations to perform:\n  Apply all migrations: accounts, catalog, orders\nRunning migrations:"
    return Episode(lambda start: [(0.9, OUT, first), *((1.5 + n * 1.4, OUT, t) for n, t in enumerate(texts))])
