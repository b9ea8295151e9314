"""From the engine's JSON to events, statistics and what an engine says of itself. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from console.model.events import EngineEvent
from console.model.text import NOTHING, SafeText
from console.transport.base import StatsFrame
from console.transport.wire_text import (
    FULL_ID,
    BadJson,
    items,
    load,
    mapping,
    moment,
    number,
    raw_text,
    text,
    texts,
)

_DESTROY = {SafeText("remove"): SafeText("destroy")}
_PODMAN = {
    "container": _DESTROY | {SafeText("died"): SafeText("die")},
    "volume": _DESTROY,
    "network": _DESTROY,
    "image": {SafeText("remove"): SafeText("delete"), SafeText("loadfromarchive"): SafeText("load")},
}
"""Podman's own words for what Docker says, by type."""


def event(host: str, document: object) -> EngineEvent | None:
    """One line of `GET /events`; None where it names no action.

    Engines since API 1.52 send only `Type/Action/Actor`, those before 1.22 only `status/id/from`.
    """
    whole = mapping(document)
    actor = mapping(whole.get("Actor"))
    attributes = texts(mapping(actor.get("Attributes")))
    action = text(whole.get("Action") or whole.get("status"), 300)
    if not action:
        return None
    kind = text(whole.get("Type"), 64) or SafeText("container")
    action = _PODMAN.get(kind, {}).get(action, action)
    ident = text(actor.get("ID") or whole.get("id"), 300)
    concerned = ident if kind == "container" else attributes.get("container", "")
    return EngineEvent(
        host=host,
        time_ns=number(whole.get("timeNano")) or number(whole.get("time")) * 1_000_000_000,
        type=kind,
        action=action,
        id=ident,
        name=attributes.get("name") or NOTHING,
        attributes=attributes or _old_attributes(whole),
        container_id=concerned if FULL_ID.match(concerned) else "",
    )


def _old_attributes(whole: Mapping[str, object]) -> dict[str, SafeText]:
    image = text(whole.get("from"))
    return {"image": image} if image else {}


def stats(document: object) -> StatsFrame | None:
    """One frame of `GET /containers/{id}/stats`; None once the container is stopped (an empty frame)."""
    whole = mapping(document)
    at = moment(whole.get("read"))
    if at is None:
        return None
    memory = mapping(whole.get("memory_stats"))
    return StatsFrame(
        at=at,
        cpu_percent=cpu_percent(whole),
        memory_bytes=memory_used(memory),
        memory_limit=_limit(number(memory.get("limit"))),
    )


def _limit(value: int) -> int:
    # Podman and cgroup v1 write "no limit" as the largest multiple of a page, or as 2**64 - 1.
    return value if 0 < value < 1 << 62 else 0


def cpu_percent(frame: Mapping[str, object]) -> float | None:
    """As `docker stats` counts: 100 is one core. None in a first frame, which has nothing to compare."""
    new, old = mapping(frame.get("cpu_stats")), mapping(frame.get("precpu_stats"))
    usage_new, usage_old = mapping(new.get("cpu_usage")), mapping(old.get("cpu_usage"))
    system_old = number(old.get("system_cpu_usage"))
    if not system_old:
        return None
    used = number(usage_new.get("total_usage")) - number(usage_old.get("total_usage"))
    system = number(new.get("system_cpu_usage")) - system_old
    cpus = number(new.get("online_cpus")) or len(items(usage_new.get("percpu_usage"))) or 1
    if used < 0 or system <= 0:
        return 0.0
    return 100.0 * used * cpus / system


def memory_used(memory: Mapping[str, object]) -> int:
    """Usage less the inactive page cache, which the kernel gives back when asked."""
    usage, detail = number(memory.get("usage")), mapping(memory.get("stats"))
    # cgroup v1 counts the cache of children only in total_inactive_file; v2 has no such field.
    for key in ("total_inactive_file", "inactive_file"):
        if key in detail and (inactive := number(detail[key])) < usage:
            return usage - max(0, inactive)
    return max(0, usage)


def engine_kind(version: Mapping[str, object]) -> SafeText:
    """`podman` or `docker`, from the answer of `GET /version`."""
    parts = [raw_text(mapping(part).get("Name")).lower() for part in items(version.get("Components"))]
    return SafeText("podman" if any("podman" in name for name in parts) else "docker")


def api_version(value: object) -> tuple[int, int] | None:
    """`1.41` as (1, 41)."""
    major, dot, minor = raw_text(value).partition(".")
    if dot and all(p.isascii() and p.isdigit() and len(p) < 6 for p in (major, minor)):
        return int(major), int(minor)
    return None


def error_message(body: bytes) -> SafeText:
    """The engine's words in an error answer: `{"message": ...}`, podman's `cause`, or plain text."""
    try:
        document = mapping(load(body[:65536]))
    except BadJson:
        document = {}
    message = document.get("message") or document.get("cause")
    return text(message, 1000) or text(body[:2000].decode(errors="replace").strip(), 1000)
