"""From the engine's JSON to images, volumes, networks and what they take. Pure; see `wire_text`.

Docker API: `GET /images/json`, `/volumes`, `/networks`, `/system/df`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from console.model.stock.things import DiskUsage, Image, Network, Volume
from console.model.stock.use import full_digest
from console.model.text import SafeText
from console.transport.wire_text import items, mapping, moment, number, raw_text, real, text, texts

ANONYMOUS = "com.docker.volume.anonymous"
"""The label of a volume that nobody named, since engine 23."""

_HEX = re.compile(r"[0-9a-f]{64}\Z")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_BUILTIN = frozenset({"bridge", "host", "none", "podman"})


def images(host: str, document: object) -> tuple[Image, ...]:
    """The rows of `GET /images/json`; one without a proper id is left out."""
    found = (_image(host, mapping(row)) for row in items(document))
    return tuple(image for image in found if image is not None)


def _image(host: str, row: Mapping[str, object]) -> Image | None:
    ident = full_digest(raw_text(row.get("Id")))
    if not _DIGEST.match(ident):
        return None
    tags = image_tags(row)
    shared = number(row.get("SharedSize"))
    return Image(
        host=host,
        id=ident,
        tags=tuple(text(tag, 300) for tag in tags),
        pins=tags,
        digests=tuple(text(d, 400) for d in _named(row.get("RepoDigests"), "<none>@")),
        size=max(0, number(row.get("Size"))),
        # -1: not asked for; 0 is what Podman and those that were not asked say, too.
        shared=shared if shared > 0 else None,
        created=real(row.get("Created")),
        labels=texts(mapping(row.get("Labels"))),
    )


def image_tags(row: Mapping[str, object]) -> tuple[str, ...]:
    """The tags of an image in a list or an inspect, as the engine wrote them, sorted."""
    return _named(row.get("RepoTags"), "<none>:")


def _named(value: object, nothing: str) -> tuple[str, ...]:
    return tuple(
        sorted({name for name in items(value) if isinstance(name, str) and not name.startswith(nothing)})
    )


def volumes(host: str, document: object) -> tuple[Volume, ...]:
    """The answer of `GET /volumes`."""
    found = (_volume(host, mapping(row)) for row in items(mapping(document).get("Volumes")))
    return tuple(volume for volume in found if volume is not None)


def _volume(host: str, row: Mapping[str, object]) -> Volume | None:
    name = raw_text(row.get("Name"))
    if not name:
        return None
    labels = texts(mapping(row.get("Labels")))
    return Volume(
        host=host,
        id=name,
        name=text(name, 300),
        driver=text(row.get("Driver"), 64),
        pins=volume_pins(row),
        created=moment(row.get("CreatedAt")),
        labels=labels,
        anonymous=ANONYMOUS in labels or _HEX.match(name) is not None,
        mountpoint=text(row.get("Mountpoint")),
    )


def volume_pins(row: Mapping[str, object]) -> tuple[str, ...]:
    """When it was made, as the engine wrote it, in a list or an inspect."""
    return (raw_text(row.get("CreatedAt")),)


def networks(host: str, document: object) -> tuple[Network, ...]:
    """The rows of `GET /networks`."""
    found = (_network(host, mapping(row)) for row in items(document))
    return tuple(network for network in found if network is not None)


def _network(host: str, row: Mapping[str, object]) -> Network | None:
    ident, name = raw_text(row.get("Id")), raw_text(row.get("Name"))
    if not ident or not name:
        return None
    configs = map(mapping, items(mapping(row.get("IPAM")).get("Config")))
    return Network(
        host=host,
        id=ident,
        name=text(name, 300),
        driver=text(row.get("Driver"), 64),
        scope=text(row.get("Scope"), 32),
        subnets=tuple(subnet for config in configs if (subnet := text(config.get("Subnet"), 64))),
        internal=row.get("Internal") is True,
        builtin=name in _BUILTIN or row.get("Ingress") is True or name == "docker_gwbridge",
        created=moment(row.get("Created")),
        labels=texts(mapping(row.get("Labels"))),
    )


def disk_usage(document: object, now: float) -> DiskUsage:
    """The answer of `GET /system/df` up to API 1.51; `now` is seconds of the epoch by our clock."""
    whole = mapping(document)
    shared, sizes = {}, {}
    pictures = [mapping(row) for row in items(whole.get("Images"))]
    for row in pictures:
        ident, common = full_digest(raw_text(row.get("Id"))), number(row.get("SharedSize"))
        if _DIGEST.match(ident) and common >= 0:
            shared[ident] = common
    for row in map(mapping, items(whole.get("Volumes"))):
        size = number(mapping(row.get("UsageData")).get("Size"))
        if (name := raw_text(row.get("Name"))) and size >= 0 and row.get("UsageData") is not None:
            sizes[name] = size
    caches = map(mapping, items(whole.get("BuildCache")))
    containers = map(mapping, items(whole.get("Containers")))
    return DiskUsage(
        at=now,
        layers=max(0, number(whole.get("LayersSize"))),
        shared=shared,
        volumes=sizes,
        writable=sum(max(0, number(row.get("SizeRw"))) for row in containers),
        build_cache=sum(max(0, number(row.get("Size"))) for row in caches if row.get("Shared") is not True),
    )


def user_of(document: object, image: str) -> SafeText | None:
    """The name of the first container of a list that was made of exactly this image; or None."""
    rows = map(mapping, items(document))
    return next((_name(row) for row in rows if full_digest(raw_text(row.get("ImageID"))) == image), None)


def member_of(document: object, network: str) -> SafeText | None:
    """The name of the first container of a list that is in this network, running or not; or None."""
    for row in map(mapping, items(document)):
        if network in mapping(mapping(row.get("NetworkSettings")).get("Networks")):
            return _name(row)
    return None


def _name(row: Mapping[str, object]) -> SafeText:
    names = [raw_text(name).removeprefix("/") for name in items(row.get("Names"))]
    return text(names[0] if names else raw_text(row.get("Id"))[:12], 300)
