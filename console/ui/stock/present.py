"""Images, volumes and networks as rows and words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from console.model.containers import Container
from console.model.snapshot import HostSnapshot
from console.model.stock.plan import Sweep, room_of, sweep
from console.model.stock.things import Image, Kind, Network, Stock, Thing, Volume
from console.model.stock.use import FREE, Room, Standing, kept, uses
from console.model.units import size, span
from console.ui.cells import Cell, Column
from console.ui.widgets.rowstore import Row

NONE: Final = Cell("-", "dim")

_HOST = Column(key="host", title="HOST", min=6, max=18)
_SIZE = Column(key="size", title="SIZE", min=4, max=4, right=True)
_STATE = Column(key="state", title="STATE", min=9, max=16)
_AGE = Column(key="age", title="AGE", min=4, max=4, right=True, drop=3)
_USERS = Column(key="users", title="USED BY", min=10, max=40, stretch=True)

COLUMNS: Final = {
    Kind.IMAGE: (
        _HOST,
        Column(key="name", title="IMAGE", min=24, max=56),
        Column(key="registry", title="REGISTRY", min=12, max=32, drop=5),
        _SIZE,
        Column(key="own", title="OWN", min=4, max=4, right=True, drop=4),
        _AGE,
        Column(key="id", title="ID", min=12, max=12, drop=6),
        _STATE,
        _USERS,
    ),
    Kind.VOLUME: (
        _HOST,
        Column(key="name", title="VOLUME", min=22, max=64),
        _SIZE,
        Column(key="driver", title="DRIVER", min=6, max=16, drop=5),
        _AGE,
        Column(key="project", title="PROJECT", min=10, max=24, drop=6),
        _STATE,
        _USERS,
    ),
    Kind.NETWORK: (
        _HOST,
        Column(key="name", title="NETWORK", min=18, max=48),
        Column(key="driver", title="DRIVER", min=7, max=12, drop=4),
        Column(key="scope", title="SCOPE", min=5, max=7, drop=6),
        Column(key="subnet", title="SUBNET", min=15, max=40, drop=2),
        Column(key="way", title="REACH", min=8, max=8, drop=5),
        _STATE,
        _USERS,
    ),
}

_TONES: Final = {
    Standing.USED: "",
    Standing.KEPT: "dim",
    Standing.OURS: "dim",
    Standing.BUILTIN: "dim",
    Standing.UNUSED: "warn",
    Standing.DANGLING: "warn",
}

_WORDS: Final = {Standing.USED: "used", Standing.KEPT: "way back", Standing.OURS: "dockcon's"}


@dataclass(frozen=True, slots=True)
class Known:
    """All that one row is made of."""

    thing: Thing
    users: tuple[Container, ...]
    stands: Standing
    fresh: bool
    """Whether it is what the engine says now."""
    full: bool
    """Whether its host's data root is full."""


def thing_name(thing: Thing) -> str:
    """Its name in a table: all of an image's tags, or where one without a tag came from."""
    if isinstance(thing, Image):
        if not thing.tags:
            return f"{thing.repository}:<none>" if thing.repository else "<none>"
        more = f" +{len(thing.tags) - 1}" if len(thing.tags) > 1 else ""
        return f"{thing.tags[0]}{more}"
    if isinstance(thing, Volume) and thing.anonymous and len(thing.name) == 64:
        return thing.name[:12]
    return thing.name


def registry_and_rest(name: str) -> tuple[str, str]:
    """`registry.example.com:5000` and `shop/web:1`; the first empty where it is the usual one."""
    registry, slash, rest = name.partition("/")
    if slash and ("." in registry or ":" in registry or registry == "localhost"):
        return registry, rest
    return "", name


def state_words(known: Known) -> str:
    """`used`, `unused`, `dangling`, `anonymous` (and unused)."""
    words = _WORDS.get(known.stands, known.stands.value)
    if known.stands is Standing.UNUSED and isinstance(known.thing, Volume) and known.thing.anonymous:
        return "anonymous"
    return words


def users_words(users: Sequence[Container]) -> str:
    """Those that are used now first."""
    names = [str(user.name) for user in sorted(users, key=kept)]
    return ", ".join(names)


def thing_row(known: Known, now: float) -> Row:
    """One line of a list."""
    thing, tone = known.thing, "" if known.fresh else "dim"
    free = known.stands in FREE
    cells = {
        "host": Cell(thing.host, tone),
        "name": Cell(thing_name(thing), tone),
        "age": Cell(span(now - thing.created), "dim") if thing.created else NONE,
        "state": Cell(state_words(known), tone or _TONES[known.stands]),
        "users": Cell(users_words(known.users), "dim") if known.users else NONE,
        **_own_cells(thing, tone),
    }
    return Row(
        key=thing.key,
        cells=tuple(cells[column.key] for column in COLUMNS[thing.kind]),
        sign=Cell("!", "bad") if known.full and free and known.fresh and thing.size else Cell(" "),
    )


def _own_cells(thing: Thing, tone: str) -> dict[str, Cell]:
    match thing:
        case Image():
            own = NONE if thing.shared is None else Cell(size(thing.size - thing.shared), "dim")
            registry, rest = registry_and_rest(thing_name(thing))
            return {
                "name": Cell(rest, tone),
                "registry": Cell(registry or "-", "dim"),
                "size": Cell(size(thing.size), tone),
                "own": own,
                "id": Cell(thing.short, "dim"),
            }
        case Volume():
            project = thing.labels.get("com.docker.compose.project")
            return {
                "size": NONE if thing.size is None else Cell(size(thing.size), tone),
                "driver": Cell(thing.driver or "-", "dim"),
                "project": Cell(project, "dim") if project else NONE,
            }
        case Network():
            return {
                "driver": Cell(thing.driver or "-", "dim"),
                "scope": Cell(thing.scope or "-", "dim"),
                "subnet": Cell(" ".join(thing.subnets), tone) if thing.subnets else NONE,
                "way": Cell("internal" if thing.internal else "-", "dim"),
            }


def room_words(room: Room) -> str:
    """`4.5G`, `3.1G to 4.5G`, `up to 4.5G`, `1.2G and 2 of unknown size`; nothing where there is none."""
    if room.most == 0 and not room.unknown:
        return ""
    if room.least == room.most:
        words = size(room.most)
    elif room.least == 0:
        words = f"up to {size(room.most)}"
    else:
        least, most = size(room.least), size(room.most)
        words = most if least == most else f"{least} to {most}"
    if not room.unknown:
        return words
    unknown = f"{room.unknown} of unknown size"
    return f"{words} and {unknown}" if room.most else unknown


def count_words(kind: Kind, number: int) -> str:
    """`1 image`, `3 images`."""
    return f"{number} {kind if number == 1 else kind.plural}"


def stock_trouble(snapshots: Sequence[HostSnapshot]) -> str:
    """Why the lists may not be what the engines have; empty where they are."""
    waiting = [s.name for s in snapshots if s.fresh and (s.stock is None or s.stock.read is None)]
    broken = [s for s in snapshots if s.stock is not None and s.stock.trouble]
    if broken:
        first = broken[0]
        assert first.stock is not None
        more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
        return f"{first.name}{more}: {first.stock.trouble}"
    if waiting:
        return f"reading {waiting[0] if len(waiting) == 1 else f'{len(waiting)} hosts'}"
    return ""


def measuring_words(stocks: Sequence[Stock]) -> str:
    """Whether sizes are being measured, or could not be."""
    if busy := sum(stock.measuring for stock in stocks):
        return "measuring sizes" if busy == 1 else f"measuring sizes on {busy} hosts"
    return "sizes not measured; u tries again" if any(stock.unmeasured for stock in stocks) else ""


def store_words(snapshot: HostSnapshot) -> str:
    """What takes the room on a host, as far as it was measured, and what of it nobody uses."""
    stock = snapshot.stock
    if stock is None or stock.read is None:
        return ""
    users = uses(snapshot.containers.values())
    parts = []
    for kind in (Kind.IMAGE, Kind.VOLUME):
        things = stock.of(kind)
        free = room_of(sweep(things, users, Sweep.UNUSED), stock)
        whole = room_of(things, stock)
        unused = f" ({room_words(free)} unused)" if free.most else ""
        parts.append(f"{kind.plural} {size(whole.most)}{unused}")
    if stock.usage is not None:
        parts.append(f"containers' own files {size(stock.usage.writable)}")
        if stock.usage.build_cache:
            parts.append(f"build cache {size(stock.usage.build_cache)}")
    return ", ".join(parts)
