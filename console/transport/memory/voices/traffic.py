"""The visitors of the demo's shop: what its proxies, web servers, search and database all tell of."""

from __future__ import annotations

import math
from functools import lru_cache
from random import Random
from typing import NamedTuple

from console.transport.memory.voices.author import SLOT, dice, moments

RATES = {"app-1": 1.45, "app-2": 1.1}
"""Visits a second; they swell and ebb."""

AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
)

GOODS = (
    ("8131", "espresso-cup"),
    ("2207", "oak-tray"),
    ("5190", "linen-apron"),
    ("7742", "moka-pot"),
    ("1068", "bread-knife"),
    ("9415", "cast-iron-pan"),
    ("3330", "tea-strainer"),
)

WORDS = ("kettle", "moka", "apron", "knife", "caf%C3%A9", "tray", "pan+28cm", "gift")


class Page(NamedTuple):
    """A kind of request; `needs`: static, cache, search or db."""

    weight: float
    method: str
    path: str
    needs: str
    status: int = 200


PAGES = (
    Page(14, "GET", "/", "cache"),
    Page(11, "GET", "/c/kitchen", "cache"),
    Page(6, "GET", "/c/table", "cache"),
    Page(20, "GET", "/p/{sku}-{name}", "cache"),
    Page(6, "GET", "/api/stock/{sku}", "cache"),
    Page(6, "GET", "/search?q={word}", "search"),
    Page(9, "GET", "/static/app.9f31c2.css", "static"),
    Page(9, "GET", "/static/img/{sku}.webp", "static", 304),
    Page(7, "GET", "/cart", "db"),
    Page(4, "POST", "/cart/items", "db", 201),
    Page(1.5, "POST", "/checkout", "db", 201),
    Page(2.5, "GET", "/account/orders", "db"),
    Page(0.5, "GET", "/.env", "static", 404),
    Page(0.4, "GET", "/wp-login.php", "static", 404),
)
WEIGHTS = [page.weight for page in PAGES]


class Visit(NamedTuple):
    """One request to one host's proxy."""

    at: float
    """When it was answered: seconds from the beginning of the slot."""
    client: str
    agent: str
    method: str
    path: str
    needs: str
    status: int
    seconds: float
    """How long it took."""
    size: int
    trace: str

    @property
    def slow(self) -> bool:
        """Whether the database took its time."""
        return self.needs == "db" and self.seconds > 0.5


@lru_cache(maxsize=256)
def visits(host: str, slot: int) -> tuple[Visit, ...]:
    """All visits that were answered in one slot, in order."""
    chance = dice(f"{host}/visits", slot)
    start = slot * SLOT
    swell = 1 + 0.3 * math.sin(2 * math.pi * start / 840) + 0.15 * math.sin(2 * math.pi * start / 190)
    return tuple(_visit(host, chance, at) for at in moments(chance, RATES[host] * swell))


def _visit(host: str, chance: Random, at: float) -> Visit:
    page = chance.choices(PAGES, WEIGHTS)[0]
    sku, name = chance.choice(GOODS)
    path = page.path.format(sku=sku, name=name, word=chance.choice(WORDS))
    status, seconds, size = page.status, _seconds(page.needs, chance), chance.randrange(900, 18_000)
    if page.needs == "db" and host == "app-1":
        # The database moved, and this host was not told: see `extra_hosts` of its web container.
        status, seconds, size = 500, chance.uniform(0.003, 0.007), 1021
    elif status == 304 or page.method == "POST":
        size = 0 if status == 304 else chance.randrange(90, 240)
    visitor = chance.randrange(24)
    client = f"203.0.113.{17 + visitor * 9}" if visitor % 3 else f"198.51.100.{5 + visitor * 10}"
    agent = AGENTS[3 if status == 404 else visitor % 3]
    trace = f"{chance.getrandbits(64):016x}"
    return Visit(at, client, agent, page.method, path, page.needs, status, seconds, size, trace)


def _seconds(needs: str, chance: Random) -> float:
    if needs == "static":
        return 0.0
    if needs == "db":
        return chance.uniform(0.8, 2.4) if chance.random() < 0.06 else chance.uniform(0.018, 0.09)
    return chance.uniform(0.04, 0.12) if needs == "search" else chance.uniform(0.004, 0.03)


def order_number(slot: int, visit: Visit) -> int:
    """The number of the order a successful checkout places."""
    return 100_000 + int(slot * SLOT + visit.at) % 900_000


def orders(slot: int) -> list[Visit]:
    """The checkouts that went through: all on the host that reaches its database."""
    return [v for v in visits("app-2", slot) if v.path == "/checkout" and v.status == 201]
