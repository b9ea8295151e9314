"""A line in the consumers' /etc/hosts: the name means the address of the endpoint's host. It changes no port,
and it is lost when a container restarts, to be written again.
"""

from __future__ import annotations

from ipaddress import ip_address

from console.model.mappings.mapping import Via
from console.model.mappings.realise.ambassador import unwritable
from console.model.mappings.realise.consumers import Site
from console.model.mappings.realise.scene import Scene
from console.model.mappings.realise.targets import answers
from console.model.mappings.realise.wanted import Wanted, WantedLine
from console.model.mappings.steps import Candidate
from console.model.text import sanitise


def fits(scene: Scene, site: Site) -> str:
    """Why a line will not do for the consumers of a site; empty where it will."""
    unread = [str(one.name) for one in site.all if one.hosts_lines is None]
    if unread:
        return unwritable(site.host.name, ", ".join(unread))
    return where(scene)[1]


def where(scene: Scene) -> tuple[str, str]:
    """The address that the name is to mean, or why there is none."""
    mapping = scene.stated
    end = mapping.to[0]
    there = scene.world.hosts.get(end.host)
    if len(mapping.to) != 1:
        return "", "several endpoints need something that shares connections out among them"
    if there is None or there.missing:
        return "", f"{end.host} cannot be read"
    containers = there.of(end)
    if len(containers) != 1:
        return "", f"{end.text} is not there" if not containers else f"{end.text} is several containers"
    found = [answers(there, containers[0], port) for port in end.ports]
    addresses = {at[0] for at in found if at is not None}
    if None in found or len(addresses) != 1:
        return "", f"{end.text} is not published where other hosts reach it: use an ambassador"
    for port, at in zip(mapping.ports, found, strict=True):
        if at is not None and at[1] != port:
            return "", f"{end.text} answers on {at[1]}, not {port}: a line changes no port, use an ambassador"
    address = addresses.pop()
    try:
        return str(ip_address(address)), ""
    except ValueError:
        return "", f"no IP address of {end.host} is known: state `reach`"


def plan(scene: Scene, site: Site, wanted: Wanted) -> None:
    """Want the line in each consumer."""
    mapping, (ip, _) = scene.stated, where(scene)
    wanted.via.append(Via.HOSTS)
    for one in site.all:
        wanted.line(WantedLine(host=site.host, container=one, name=mapping.name, ip=ip))
        for port in mapping.ports:
            address = f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
            text = sanitise(f"{mapping.to[0].text}:{port}", 200)
            if not _written(one.hosts_lines or (), mapping.name, ip):
                wanted.try_first(
                    Candidate(host=site.host.name, ambassador=None, address=address, endpoint=text)
                )


def _written(lines: tuple[str, ...], name: str, ip: str) -> bool:
    return lines_of(lines).get(name) == ip


def lines_of(lines: tuple[str, ...]) -> dict[str, str]:
    """What lines of /etc/hosts say, by name."""
    found = {}
    for line in lines:
        words = line.partition("#")[0].split()
        for name in words[1:]:
            found[name] = words[0]
    return found
