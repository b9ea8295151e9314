"""Steps for one ambassador that is wanted: made, made anew, started, configured, joined to networks."""

from __future__ import annotations

from collections.abc import Iterator

from console.model.actions import Target
from console.model.containers import ContainerState
from console.model.mappings import haproxy
from console.model.mappings.body import ambassador_name
from console.model.mappings.realise.order import Phase, Planned, say
from console.model.mappings.realise.scene import Scene, network_of, place_in, way_out
from console.model.mappings.realise.wanted import WantedAmbassador
from console.model.mappings.steps import (
    BringImage,
    Configure,
    Connect,
    Disconnect,
    DropAmbassador,
    MakeAmbassador,
    StartAmbassador,
)
from console.model.mappings.world import SPEC_LABEL, AmbassadorView, Attachment, HostView, Side
from console.model.text import SafeText

_STOPPED = frozenset({ContainerState.CREATED, ContainerState.EXITED})


def ambassador_steps(scene: Scene, wanted: WantedAmbassador) -> Iterator[Planned]:
    """What it takes that it stands as wanted; nothing where it does."""
    host, name = wanted.host, ambassador_name(scene.id, wanted.side)
    standing = scene.standing(host, wanted.side)
    if standing is None:
        other = next((one for one in host.containers if one.name == name), None)
        if other is not None:
            scene.notes.refuse(f"on {host.name} a container is called {name} that is not ours: rename it")
            return
        yield from _make(scene, wanted, name)
        return
    if scene.foreign(standing):
        scene.notes.refuse(
            f"{name} on {host.name} runs a wording that nobody here knows: adopt it, or remove it by hand"
        )
        return
    why = _must_be_made_anew(wanted, standing)
    if why:
        runs = standing.container.state not in _STOPPED
        yield Planned(
            _phase(wanted, Phase.PROVIDER, Phase.AMBASSADOR),
            DropAmbassador(
                host=host.name,
                container=standing.container.target,
                text=say(f"removes {name} on {host.name}, to make it anew: {why}"),
                disruptive=runs,
            ),
        )
        yield from _make(scene, wanted, name)
        return
    yield from _mend(scene, wanted, standing)


def _phase(wanted: WantedAmbassador, provider: Phase, consumer: Phase) -> Phase:
    return provider if wanted.side is Side.PROVIDER else consumer


def _must_be_made_anew(wanted: WantedAmbassador, standing: AmbassadorView) -> str:
    """Why it cannot be changed into what is wanted; empty where it can."""
    container = standing.container
    if standing.spec != wanted.body["Labels"][SPEC_LABEL]:
        return "what is fixed at its creation differs (image, published ports, limits)"
    if container.state is ContainerState.PAUSED:
        return "it is paused"
    if container.state is ContainerState.DEAD:
        return "it is dead"
    rests = container.state in _STOPPED or container.state is ContainerState.RESTARTING
    if rests and not standing.unread and not haproxy.same(standing.config or "", wanted.config):
        return "it does not run, with another configuration"
    return ""


def _make(scene: Scene, wanted: WantedAmbassador, name: str) -> Iterator[Planned]:
    host = wanted.host
    if not host.image:
        yield Planned(Phase.IMAGE, _bring(scene, host))
    header = haproxy.parse_header(wanted.config)
    yield Planned(
        _phase(wanted, Phase.PROVIDER, Phase.AMBASSADOR),
        MakeAmbassador(
            host=host.name,
            name=name,
            body=wanted.body,
            config=wanted.config,
            revision=header.revision if header is not None else "",
            text=say(f"{wanted.purpose}: makes {name} on {host.name}"),
            disruptive=wanted.side is Side.PROVIDER,
        ),
    )
    for network, names in wanted.joins.items():
        yield Planned(
            _join_phase(wanted, names),
            Connect(
                host=host.name,
                network=network,
                name=name,
                aliases=names,
                text=_joined(host, name, network, names),
            ),
        )


def _bring(scene: Scene, host: HostView) -> BringImage:
    others = [one.name for one in scene.world.hosts.values() if one.image and not one.missing]
    source = min(others, default="")
    bundle = scene.rules.bundle
    whence = f"from {source}" if source else f"from {bundle}" if bundle else "from its registry"
    return BringImage(
        host=host.name,
        image=scene.rules.image,
        from_host=source,
        bundle=bundle,
        text=say(f"brings the image {scene.rules.image} to {host.name}, {whence}"),
    )


def _join_phase(wanted: WantedAmbassador, names: tuple[str, ...]) -> Phase:
    if wanted.side is Side.PROVIDER:
        return Phase.PROVIDER_JOIN
    return Phase.NAME if names else Phase.TARGET_JOIN


def _joined(host: HostView, name: str, network: str, names: tuple[str, ...]) -> SafeText:
    known = f" as {', '.join(names)}" if names else ""
    return say(f"connects {name} to {network} on {host.name}{known}")


def _mend(scene: Scene, wanted: WantedAmbassador, standing: AmbassadorView) -> Iterator[Planned]:
    host, container = wanted.host, standing.container
    phase = _phase(wanted, Phase.PROVIDER, Phase.AMBASSADOR)
    gone = {place.network for place in container.attachments if network_of(host, place) is None}
    stopped = container.state in _STOPPED
    for network in sorted(gone) if stopped else ():
        yield Planned(
            phase,
            Disconnect(
                host=host.name,
                network=network,
                container=container.target,
                force=True,
                text=say(f"takes {container.name} on {host.name} off {network}, which is no more"),
            ),
        )
    if stopped:
        yield Planned(
            phase,
            StartAmbassador(
                host=host.name,
                container=container.target,
                text=say(f"starts {container.name} on {host.name}"),
            ),
        )
    elif container.state is not ContainerState.RESTARTING:
        yield from _configured(wanted, standing)
    yield from _joins(scene, wanted, standing, gone if stopped else set())


def _configured(wanted: WantedAmbassador, standing: AmbassadorView) -> Iterator[Planned]:
    """Another configuration, where the file or the running process has not the one that is wanted."""
    before, header = standing.config, haproxy.parse_header(wanted.config)
    if header is None or (before is None and standing.unread):
        return
    meant, running = haproxy.meaning_of(header.revision), standing.running
    same = before is not None and haproxy.same(before, wanted.config)
    if same and (running is None or haproxy.meaning_of(running.revision) == meant):
        return
    host, container = wanted.host, standing.container
    text, opens = _change(wanted, before or "", same)
    yield Planned(
        _phase(wanted, Phase.PROVIDER_CONFIG, Phase.CONFIG),
        Configure(
            host=host.name,
            container=container.target,
            config=wanted.config,
            before=before or "",
            revision=header.revision,
            text=say(text),
            disruptive=opens,
        ),
    )


def _change(wanted: WantedAmbassador, before: str, same: bool) -> tuple[str, bool]:
    """What a new configuration does, in words, and whether it lets somebody in."""
    where = f"the ambassador on {wanted.host.name}"
    if wanted.side is Side.PROVIDER and haproxy.sources_of(wanted.config) - haproxy.sources_of(before):
        return wanted.purpose, True
    if same:
        return f"reloads {where}: what it runs is not what is in its file", False
    header, now = haproxy.parse_header(before), haproxy.parse_header(wanted.config)
    if header is not None and now is not None and (header.digest, header.text) == (now.digest, now.text):
        return f"puts the file of {where} back: it was altered", False
    old, new = _addresses(before), _addresses(wanted.config)
    if old and new and old != new:
        return (
            f"re-points {where} from {', '.join(old)} to {', '.join(new)}; sessions stay where they are",
            False,
        )
    return f"gives {where} another configuration: {wanted.purpose}", False


def _addresses(config: str) -> list[str]:
    return list(dict.fromkeys(server.address for server in haproxy.servers_of(config).values()))


def _joins(
    scene: Scene, wanted: WantedAmbassador, standing: AmbassadorView, left: set[str]
) -> Iterator[Planned]:
    """Networks that it is not on yet, or on by other names; those it need not be on are left at the end."""
    host, container = wanted.host, standing.container
    for network, names in wanted.joins.items():
        place = place_in(container, network) if network not in left else None
        if place is not None and _well_placed(standing, place, names):
            continue
        phase = _join_phase(wanted, names)
        if place is not None:
            yield Planned(phase, _leave(host, container.target, network, "to come back by other names"))
        yield Planned(
            phase,
            Connect(
                host=host.name,
                network=network,
                container=container.target,
                aliases=names,
                text=_joined(host, str(container.name), network, names),
            ),
        )
    out = way_out(host)
    for place in container.attachments:
        outside = out is not None and place.network == out.name
        if not outside and place.network not in wanted.joins and place.network not in left:
            step = _leave(host, container.target, place.network, "where nobody needs it")
            yield Planned(Phase.LEAVE, step)


def _leave(host: HostView, container: Target, network: str, why: str) -> Disconnect:
    return Disconnect(
        host=host.name,
        network=network,
        container=container,
        text=say(f"disconnects {container.name} from {network} on {host.name}, {why}"),
        disruptive=True,
    )


def _well_placed(standing: AmbassadorView, place: Attachment, names: tuple[str, ...]) -> bool:
    """Whether it is found there by the names it must have and by none that it must not."""
    container = standing.container
    own = {str(container.name)} | {alias for alias in place.aliases if container.id.startswith(alias)}
    return set(place.aliases) - own == set(names) - own
