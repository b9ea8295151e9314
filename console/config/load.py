"""Read hosts.yml and settings.yml: everything that is wrong, at once."""

from __future__ import annotations

import re
from pathlib import Path

from console.config import fields
from console.config.bindings import BINDINGS
from console.config.hosts import HostReader
from console.config.schema import (
    Ambassador,
    FleetConfig,
    LogCaps,
    Notify,
    Redeploy,
    Repair,
    Settings,
)
from console.config.yamldoc import Problems, Value, nearest, quote, read_document
from console.errors import ConfigError, ConfigProblem

FLEET_KEYS = ("defaults", "hosts", "fleet", "store", "repair", "audit", "ambassador", "redeploy")
SETTINGS_KEYS = ("theme", "keymap", "time_zone", "logs", "mouse", "fps", "notify")


def load_fleet(file: Path) -> FleetConfig:
    """Read one hosts.yml. Raises ConfigError with every problem of it."""
    problems = Problems(str(file))
    config = _fleet(file, problems)
    if problems.found or config is None:
        raise ConfigError(sorted(problems.found, key=lambda p: p.line))
    return config


def _fleet(file: Path, problems: Problems) -> FleetConfig | None:
    root = read_document(file, problems)
    if root is None:
        return None
    found = fields.section(root, FLEET_KEYS)
    base = file.absolute().parent
    reader = HostReader(base)
    if "defaults" in found:
        reader.read_defaults(found["defaults"])
    if "hosts" in found:
        hosts = reader.read_hosts(found["hosts"])
    else:
        hosts = ()
        if root.is_map:
            problems.add(0, "hosts", "is missing: which hosts are there?")
    if "store" in found:
        _store(found["store"])
    fleet = fields.name(found["fleet"]) if "fleet" in found else None
    repair = fields.choice(found["repair"], Repair) if "repair" in found else None
    audit = found.get("audit")
    return FleetConfig(
        file=file,
        fleet=fleet or fleet_of(base),
        hosts=hosts,
        repair=repair or Repair.ASK,
        audit=None if audit is None or audit.is_null else fields.path(audit, base),
        ambassador=_ambassador(found.get("ambassador"), base),
        redeploy=_redeploy(found.get("redeploy")),
        warnings=tuple(problems.warned),
    )


def fleet_of(directory: Path) -> str:
    """The name of a fleet whose file states none: its directory's, made of allowed characters."""
    made = re.sub(r"[^A-Za-z0-9._-]+", "-", directory.resolve().name).strip("-.")
    return made[:64] or "fleet"


def _store(value: Value) -> None:
    """Only `file` can be had now."""
    if value.is_map:
        stores = fields.section(value, ("etcd",))
        if "etcd" in stores:
            value.problem("a store in etcd is not possible yet: only `file` is")
        return
    text = value.text()
    if text is not None and text != "file":
        value.problem(f"{quote(text)} is no store: only `file` is possible")


def _ambassador(value: Value | None, base: Path) -> Ambassador:
    if value is None or value.is_null:
        return Ambassador()
    found = fields.section(value, ("image", "bundle"))
    image = found["image"].text() if "image" in found else None
    bundle = found.get("bundle")
    return Ambassador(
        image=image or Ambassador().image,
        bundle=None if bundle is None or bundle.is_null else fields.path(bundle, base),
    )


def _redeploy(value: Value | None) -> Redeploy:
    default = Redeploy()
    if value is None or value.is_null:
        return default
    found = fields.section(value, ("stable", "timeout", "keep"))
    stable = fields.duration(found["stable"], 0, 3600) if "stable" in found else None
    timeout = fields.duration(found["timeout"], 1, 86400) if "timeout" in found else None
    keep = fields.integer(found["keep"], 0, 1) if "keep" in found else None
    return Redeploy(
        default.stable if stable is None else stable,
        default.timeout if timeout is None else timeout,
        default.keep if keep is None else keep,
    )


def load_settings(file: Path) -> tuple[Settings, tuple[ConfigProblem, ...]]:
    """Read settings.yml. What is wrong is reported and keeps its default; there need not be such a file."""
    if not file.exists():
        return Settings(), ()
    problems = Problems(str(file))
    root = read_document(file, problems)
    if root is None:
        return Settings(), tuple(problems.found)
    found = fields.section(root, SETTINGS_KEYS)
    default = Settings()
    theme = found["theme"].text() if "theme" in found else None
    mouse = fields.boolean(found["mouse"]) if "mouse" in found else None
    fps = fields.integer(found["fps"], 1, 60) if "fps" in found else None
    notify = fields.choice(found["notify"], Notify) if "notify" in found else None
    settings = Settings(
        theme=theme or default.theme,
        keymap=_keymap(found.get("keymap")),
        time_zone=_time_zone(found.get("time_zone")) or default.time_zone,
        logs=_logs(found.get("logs")),
        mouse=default.mouse if mouse is None else mouse,
        fps=fps or default.fps,
        notify=notify or default.notify,
    )
    return settings, tuple(sorted(problems.found, key=lambda p: p.line))


def _keymap(value: Value | None) -> dict[str, str]:
    if value is None or value.is_null:
        return {}
    keymap: dict[str, str] = {}
    for binding, entry in (value.entries() or {}).items():
        if binding not in BINDINGS:
            entry.problem(
                f"there is no such binding; {nearest(binding, BINDINGS) or 'the help screen names them'}"
            )
            continue
        keys = [item.text() for item in entry.value.items()]
        if not keys or any(k is not None and not re.fullmatch(r"[^\s,]+(?:,[^\s,]+)*", k) for k in keys):
            entry.value.problem("expected a key such as `ctrl+r`, or a list of keys")
        elif all(keys):
            keymap[binding] = ",".join(k for k in keys if k)
    return keymap


def _time_zone(value: Value | None) -> str | None:
    text = value.text() if value is not None else None
    if text is None or value is None:
        return None
    if text.casefold() in ("local", "utc"):
        return text.casefold()
    # Only asked for by those who name a zone: the data base is slow to load.
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        value.problem(
            f"{quote(text)} is neither local, utc nor a zone this machine knows, such as Europe/Berlin"
        )
        return None
    return text


def _logs(value: Value | None) -> LogCaps:
    default = LogCaps()
    if value is None or value.is_null:
        return default
    found = fields.section(value, ("lines", "bytes"))
    lines = fields.integer(found["lines"], 1000, 10_000_000) if "lines" in found else None
    size = fields.size(found["bytes"], 1 << 20, 8 << 30) if "bytes" in found else None
    return LogCaps(lines or default.lines, size or default.bytes)
