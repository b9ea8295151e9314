"""What a consumer already says about where it looks, and an endpoint about where it answers. Pure.

Read from the document of an inspect, whose values hold secrets: only host names and port numbers are taken
out of them, where they are certain to be some, and what is shown names the variable and never its value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from console.model.mappings.names import bad_name
from console.model.redeploy.documents import items, mapping, text, texts
from console.model.text import NOTHING, SafeText, safe, sanitise

SCHEMES = {
    "postgres": 5432, "postgresql": 5432, "mysql": 3306, "mariadb": 3306, "redis": 6379, "rediss": 6379,
    "valkey": 6379, "amqp": 5672, "amqps": 5671, "mongodb": 27017, "nats": 4222, "kafka": 9092,
    "memcached": 11211, "ldap": 389, "ldaps": 636, "smtp": 25, "mqtt": 1883, "clickhouse": 9000,
    "sqlserver": 1433, "mssql": 1433, "cassandra": 9042, "etcd": 2379, "http": 80, "https": 443, "ws": 80,
    "wss": 443, "grpc": 0, "tcp": 0,
}  # fmt: skip
"""The port a URL means where it names none; 0: it must."""
STEMS = {
    "postgres": 5432, "postgresql": 5432, "pg": 5432, "mysql": 3306, "mariadb": 3306, "redis": 6379,
    "rabbitmq": 5672, "amqp": 5672, "mongo": 27017, "mongodb": 27017, "nats": 4222, "kafka": 9092,
    "memcached": 11211, "elasticsearch": 9200, "smtp": 25, "mqtt": 1883,
}  # fmt: skip
"""The port that a variable's name suggests: `REDIS_HOST` without a `REDIS_PORT`."""

_URL = re.compile(r"(?:jdbc:)?([a-z][a-z0-9]*)(?:\+[a-z0-9.]+)?://([^\s/?#]*)(\S*)", re.IGNORECASE)
_AUTHORITY = re.compile(r"([A-Za-z0-9_.-]+)(?::(\d{1,5}))?")
_GO_DSN = re.compile(r"@tcp\(([A-Za-z0-9_.-]+):(\d{1,5})\)")
_KEYED = re.compile(
    r"(?:^|[;\s])(?:host|server|data source)\s*=\s*(?:tcp:)?([A-Za-z0-9_.-]+)(?:[,:](\d{1,5}))?(?=[;\s]|$)",
    re.IGNORECASE,
)
_SOCAT = re.compile(r"(?i:tcp[46]?(?:-connect)?):([A-Za-z0-9_.-]+):(\d{1,5})(?:,.*)?")
_ABOUT = re.compile(r"org\.opencontainers\.|org\.label-schema\.|com\.docker\.compose\.|io\.podman\.")
"""Labels that tell of an image or of who made the container."""
_KEYED_PORT = re.compile(r"(?:^|[;\s])port\s*=\s*(\d{1,5})(?=[;\s]|$)", re.IGNORECASE)
_HOST = re.compile(
    r"(?P<stem>\w*?)_?(?:HOST|HOSTNAME|HOSTS|SERVERS?|ADDR|ADDRESS|ADDRESSES|ENDPOINTS?|BROKERS?|NODES"
    r"|UPSTREAM|BACKEND)",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"(?i)(?:HOSTNAME|HOST|VIRTUAL_HOST|.*(?:LISTEN|BIND|ALLOWED|TRUSTED|ADVERTISED?|PUBLIC).*)"
)
"""Variables that say where a container itself answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a consumer already says about where it looks, or an endpoint about where it answers."""

    name: str = ""
    port: int = 0
    source: SafeText = NOTHING
    """`variable DB_HOST`, `extra host db`, `exposed by its image`, `published as 15432`; never a value with a
    secret."""


@dataclass(frozen=True, slots=True)
class _Found:
    rank: int
    """Lower is better."""
    name: str
    port: int
    source: str


def consumer(document: Mapping[str, object]) -> tuple[Proposal, ...]:
    """Names and ports that a container dials as far as it says so, best first. Port 0: not said."""
    return _best(document, (one for one in _said(document) if not bad_name(one.name)))


def dials(document: Mapping[str, object]) -> tuple[Proposal, ...]:
    """The same, with the addresses among them and what command and labels say: all of it, for links, where
    `consumer` proposes only what can become the name of a mapping.
    """
    config, host_config = mapping(document.get("Config")), mapping(document.get("HostConfig"))
    found = [
        *_said(document),
        *_of_command([*texts(config.get("Entrypoint")), *texts(config.get("Cmd"))]),
        *_of_labels(mapping(config.get("Labels"))),
    ]
    for entry in texts(host_config.get("ExtraHosts")):
        name, _, ip = (entry if "=" not in entry else entry.replace("=", ":", 1)).partition(":")
        ports = {one.port for one in found if one.name.casefold() == name.casefold() and one.port} or {0}
        found += [_Found(_rank(ip, 2), ip, port, f"extra host {name}") for port in sorted(ports)]
    return _best(document, (one for one in found if _is_address(one.name) or not bad_name(one.name)))


def _said(document: Mapping[str, object]) -> list[_Found]:
    config, host_config = mapping(document.get("Config")), mapping(document.get("HostConfig"))
    return [
        *_of_env(texts(config.get("Env"))),
        *_of_hosts(texts(host_config.get("ExtraHosts")), texts(host_config.get("Links"))),
        *_of_compose(text(mapping(config.get("Labels")).get("com.docker.compose.depends_on"))),
    ]


def _best(document: Mapping[str, object], found: Iterable[_Found]) -> tuple[Proposal, ...]:
    config = mapping(document.get("Config"))
    own = {text(config.get("Hostname")).casefold(), text(document.get("Name")).lstrip("/").casefold()}
    good = [one for one in found if one.name.casefold() not in own]
    with_port = {one.name.casefold() for one in good if one.port}
    best: dict[tuple[str, int], _Found] = {}
    for one in sorted(good, key=lambda one: one.rank):
        if one.port or one.name.casefold() not in with_port:
            best.setdefault((one.name.casefold(), one.port), one)
    return tuple(
        Proposal(name=one.name, port=one.port, source=sanitise(one.source, 120)) for one in best.values()
    )


def endpoint(document: Mapping[str, object]) -> tuple[Proposal, ...]:
    """Ports on which a container is said to answer (TCP only), best first; its service's or own name."""
    config = mapping(document.get("Config"))
    labels = mapping(config.get("Labels"))
    own = text(document.get("Name")).lstrip("/")
    name = sanitise(text(labels.get("com.docker.compose.service")) or own, 64)
    ports: dict[int, str] = {}
    settings = mapping(document.get("NetworkSettings"))
    for key, bindings in mapping(settings.get("Ports")).items():
        port = _tcp(key)
        public = next((text(mapping(one).get("HostPort")) for one in items(bindings)), "")
        if port and public:
            ports[port] = f"published as {public}"
    for key in mapping(config.get("ExposedPorts")):
        if port := _tcp(key):
            ports.setdefault(port, "exposed by its image")
    for entry in texts(config.get("Env")):
        variable, _, value = entry.partition("=")
        if variable in ("PORT", "LISTEN_PORT", "SERVER_PORT", "HTTP_PORT") and _port(value):
            ports.setdefault(_port(value), f"variable {variable}")
    known = frozenset(STEMS.values())

    def order(port: int) -> tuple[bool, bool, int]:
        return port not in known, not ports[port].startswith("published"), port

    return tuple(
        Proposal(name=name, port=port, source=sanitise(ports[port], 120)) for port in sorted(ports, key=order)
    )


def notes(document: Mapping[str, object]) -> dict[str, SafeText]:
    """What is worth knowing about how a container stands in its network."""
    mode = text(mapping(document.get("HostConfig")).get("NetworkMode"))
    if mode == "host":
        return {"network": safe("host network: a port it dials is shared by the whole host")}
    if mode == "none":
        return {"network": safe("no network at all: nothing can be mapped")}
    if mode.startswith("container:"):
        return {"network": safe("uses another container's network: both see the name")}
    networks = set(mapping(mapping(document.get("NetworkSettings")).get("Networks")))
    if mode in ("", "default", "bridge") and networks <= {"bridge"}:
        return {"network": safe("on the default bridge only: an internal network is added to it, live")}
    return {}


def _of_env(entries: Sequence[str]) -> Iterator[_Found]:
    env = dict(entry.partition("=")[::2] for entry in entries)
    for variable, value in env.items():
        if _OWN.fullmatch(variable) or not value or len(value) > 4096:
            continue
        source = f"variable {sanitise(variable, 80)}"
        urls = list(_of_url(value, source))
        yield from urls
        if not urls:
            yield from _of_dsn(value, source)
            yield from _of_host(variable, value, env, source)


def _of_url(value: str, source: str) -> Iterator[_Found]:
    found = _URL.fullmatch(value.strip())
    if found is None or found[1].casefold() not in SCHEMES:
        return
    authority = found[2].rpartition("@")[2]
    if "@" in found[3]:
        return  # a password with a slash in it: what stands before that is no host
    web = found[1].casefold() in ("http", "https", "ws", "wss")
    for part in authority.split(","):
        address = _AUTHORITY.fullmatch(part)
        if address is None:
            return
        name, port = address[1], _port(address[2] or "") or SCHEMES[found[1].casefold()]
        if port:
            yield _Found(_rank(name, 3 if web else 0), name, port, source)


def _of_dsn(value: str, source: str) -> Iterator[_Found]:
    if found := _GO_DSN.search(value):
        yield _Found(_rank(found[1], 0), found[1], _port(found[2]), source)
    elif found := _KEYED.search(value):
        other = _KEYED_PORT.search(value)
        port = _port(found[2] or "") or (_port(other[1]) if other else 0)
        yield _Found(_rank(found[1], 0 if port else 4), found[1], port, source)


def _of_host(variable: str, value: str, env: Mapping[str, str], source: str) -> Iterator[_Found]:
    """`DB_HOST` with `DB_PORT`, `KAFKA_BROKERS=a:9092,b:9092`."""
    from console.model.secrets import secret_name  # only an editor asks, and it is slow to load

    named = _HOST.fullmatch(variable)
    if named is None or secret_name(variable):
        return
    stem = named["stem"]
    for part in value.split(","):
        address = _AUTHORITY.fullmatch(part.strip())
        if address is None:
            return
        port = _port(address[2] or "")
        beside = "" if port else next((key for key in (f"{stem}_PORT", f"{stem}PORT") if env.get(key)), "")
        stated = _port(env.get(beside, "").rpartition(":")[2]) if beside else 0
        guessed = next((STEMS[word] for word in stem.casefold().split("_") if word in STEMS), 0)
        where = f"variables {source.partition(' ')[2]}, {beside}" if stated else source
        port = port or stated
        yield _Found(
            _rank(address[1], 0 if port else 1 if guessed else 4), address[1], port or guessed, where
        )


def _of_hosts(extra: Sequence[str], links: Sequence[str]) -> Iterator[_Found]:
    for entry in extra:
        name = re.split("[:=]", entry, maxsplit=1)[0]
        yield _Found(_rank(name, 2), name, 0, f"extra host {name}")
    for link in links:
        name = link.rpartition("/")[2].rpartition(":")[2]
        yield _Found(_rank(name, 5), name, 0, f"link {name}")


def _of_compose(depends: str) -> Iterator[_Found]:
    for entry in depends.split(","):
        name = entry.partition(":")[0].strip()
        if name:
            yield _Found(6, name, 0, f"Compose: depends on {name}")


def _of_command(words: Sequence[str]) -> Iterator[_Found]:
    """URLs, addresses with a port, and socat's `TCP:db:5432`. A mere `name:1234` may be a login."""
    from console.model.secrets import secret_name  # as above

    before = ""
    for word in words:
        flag, equals, value = word.partition("=") if word.startswith("-") else ("", "", word)
        secret = secret_name(flag) or (before.startswith("-") and secret_name(before))
        before = word
        if secret or (flag and not equals) or len(value) > 4096:
            continue
        source = "its command"
        yield from _of_url(value, source)
        found = _SOCAT.fullmatch(value)
        if found is None and (bare := _AUTHORITY.fullmatch(value)) and bare[2] and _is_address(bare[1]):
            found = bare
        if found is not None:
            yield _Found(_rank(found[1], 3), found[1], _port(found[2]), source)


def _of_labels(labels: Mapping[str, object]) -> Iterator[_Found]:
    from console.model.secrets import secret_name  # as above

    for key, value in labels.items():
        if not _ABOUT.match(key) and not secret_name(key):
            for one in _of_url(text(value), f"label {sanitise(key, 80)}"):
                yield _Found(one.rank + 3, one.name, one.port, one.source)


def _is_address(text: str) -> bool:
    """Whether it is an IP address that another machine or container can have."""
    if not text[:1].isdigit() and ":" not in text:
        return False
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)


def _rank(name: str, rank: int) -> int:
    """Names of the wide world are seldom what is meant."""
    return rank + 10 if "." in name else rank


def _tcp(key: str) -> int:
    port, _, protocol = key.partition("/")
    return _port(port) if protocol in ("", "tcp") else 0


def _port(value: str) -> int:
    """The port that is spelled; 0 where it is none."""
    good = value.isascii() and value.isdecimal() and len(value) < 6
    return int(value) if good and int(value) < 65536 else 0
