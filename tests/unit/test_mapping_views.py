"""What planning sees of a container, from documents of old and new engines."""

from __future__ import annotations

from typing import Any

from console.model.containers import Port
from console.model.mappings.mapping import Endpoint, Mapping, Party
from console.model.mappings.standing import Standing, State
from console.model.mappings.troubles import problems_of
from console.model.mappings.views import ambassador_view, container_view, with_gateways
from console.model.mappings.world import NetworkView, Side
from console.model.problems import ProblemKind, worst_first
from console.model.text import safe
from console.transport.wire import inspection

ID = "ab" * 32


def document(**changes: Any) -> dict[str, Any]:
    return {
        "Id": ID,
        "Name": "/web",
        "State": {"Status": "running", "Pid": 42},
        "HostsPath": "/var/lib/docker/hosts",
        "HostConfig": {"NetworkMode": "default", "PortBindings": {}},
        "Config": {"Image": "shop/web:1", "Env": ["PASSWORD=hunter2"], "Labels": {}},
        "NetworkSettings": {"Networks": {}, "Ports": {}},
    } | changes


def view(**changes: Any) -> Any:
    found = inspection("app-1", document(**changes))
    assert found is not None
    return container_view(found)


def test_no_environment_is_kept() -> None:
    assert "hunter2" not in repr(view())


def test_names_on_a_network_are_aliases_names_and_its_own_but_not_the_short_id() -> None:
    networks = {
        "bridge": {"NetworkID": "n1", "IPAddress": "172.17.0.2", "Aliases": None},
        "shop": {"NetworkID": "n2", "IPAddress": "172.18.0.2", "Aliases": ["db", ID[:12]]},
        "new": {"NetworkID": "n3", "IPAddress": "", "DNSNames": ["pg", "web", ID[:12]]},
    }
    found = {one.network: one for one in view(NetworkSettings={"Networks": networks}).attachments}
    assert found["shop"].aliases == ("db", "web")
    assert found["new"].aliases == ("pg", "web")
    assert found["bridge"].aliases == ()
    assert (found["shop"].ip, found["shop"].network_id) == ("172.18.0.2", "n2")


def test_the_word_of_old_engines_for_the_default_network() -> None:
    assert view().mode == "bridge"
    assert view(HostConfig={"NetworkMode": "host"}).mode == "host"


def test_what_a_stopped_container_will_publish_is_known() -> None:
    bindings = {"5432/tcp": [{"HostIp": "", "HostPort": "15432"}], "80/tcp": [{"HostPort": "0"}], "x/tcp": []}
    config = {"Image": "pg", "ExposedPorts": {"5432/tcp": {}, "9000/tcp": {}, "70000/tcp": {}}}
    found = view(HostConfig={"NetworkMode": "shop", "PortBindings": bindings}, Config=config)
    assert found.ports == (Port(80), Port(5432, 15432), Port(9000))


def test_what_is_published_now_counts_before_what_is_configured() -> None:
    ports = {"5432/tcp": [{"HostIp": "0.0.0.0", "HostPort": "49153"}]}
    bindings = {"5432/tcp": [{"HostIp": "", "HostPort": ""}]}
    found = view(NetworkSettings={"Ports": ports, "Networks": {}}, HostConfig={"PortBindings": bindings})
    assert found.ports == (Port(5432, 49153, "0.0.0.0"),)


def test_an_ambassador_is_told_by_its_labels() -> None:
    labels = {"dockcon.fleet": "prod", "dockcon.mapping": "db", "dockcon.side": "provider"}
    config = {"Image": "haproxy", "Labels": labels}
    found = ambassador_view(view(Config=config, Name="/dockcon-db-provider"))
    assert found is not None
    assert (found.fleet, found.mapping, found.side, found.spec) == ("prod", "db", Side.PROVIDER, "")
    assert ambassador_view(view()) is None
    # Labels alone are nothing: anybody can write them.
    assert ambassador_view(view(Config=config, Name="/forged")) is None


def test_the_default_bridge_s_own_address_is_its_first() -> None:
    bridge = NetworkView(id="n", name="bridge", subnets=("172.17.0.0/16", "nonsense"))
    assert with_gateways(bridge).gateways == ("172.17.0.1",)
    known = NetworkView(id="n", name="shop", subnets=("172.18.0.0/16",), gateways=("172.18.0.254",))
    assert with_gateways(known) == known
    overlay = NetworkView(id="n", name="wide", driver="overlay", subnets=("10.0.0.0/24",))
    assert with_gateways(overlay).gateways == ()


def test_mappings_that_are_not_as_stated_are_problems() -> None:
    def standing(ident: str, state: State) -> Standing:
        mapping = Mapping(
            id=ident,
            name=ident,
            ports=(5432,),
            to=(Endpoint(host="db-1", container="pg", ports=(5432,)),),
            consumers=(Party(host="app-1", container="web"),),
        )
        return Standing(
            mapping=mapping, state=state, via=mapping.via, reason=safe("why"), since=1.0, checked=2.0
        )

    states = {"a": State.OK, "b": State.PENDING, "c": State.BROKEN, "d": State.UNKNOWN, "e": State.FOREIGN}
    found = worst_first(problems_of(standing(name, state) for name, state in states.items()))
    kinds = [ProblemKind.MAPPING_BROKEN, ProblemKind.MAPPING_FOREIGN, ProblemKind.MAPPING_PENDING]
    assert [problem.kind for problem in found] == kinds
    assert found[0].text == "mapping c:5432 is broken: why"
    assert len({problem.identity for problem in found}) == 3
