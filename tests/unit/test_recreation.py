"""From an inspect to the request that makes the same container again."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import UsageError
from console.model.redeploy.body import Recreation, dependents, recreation
from console.model.redeploy.changes import Changes, memory_size, restart_policy
from console.model.redeploy.networks import legacy_links
from console.model.redeploy.owners import OwnerKind, owner_of
from console.model.redeploy.plan import lost_files

SAME = Changes()
ID = "0123456789ab" + "c" * 52
OTHER = "f" * 64

IMAGE: dict[str, Any] = {
    "Config": {
        "Env": ["PATH=/usr/bin", "LANG=C"],
        "Cmd": ["serve"],
        "Entrypoint": ["/entry"],
        "WorkingDir": "/srv",
        "User": "app",
        "Labels": {"maintainer": "us", "version": "1"},
        "ExposedPorts": {"80/tcp": {}},
        "Volumes": {"/data": {}},
        "Healthcheck": {"Test": ["CMD", "check"], "Interval": 30_000_000_000},
        "StopSignal": "SIGQUIT",
    }
}


def inspect(**config: Any) -> dict[str, Any]:
    return {
        "Id": ID,
        "Name": "/web",
        "Config": {**copy.deepcopy(IMAGE["Config"]), "Image": "shop/web:1", "Hostname": ID[:12], **config},
        "HostConfig": {"NetworkMode": "default", "ContainerIDFile": "/tmp/cid"},
        "Mounts": [],
        "NetworkSettings": {"Networks": {"bridge": {"NetworkID": "n1", "IPAddress": "172.17.0.2"}}},
    }


def again(document: dict[str, Any], changes: Changes = SAME, image: Any = IMAGE) -> Recreation:
    return recreation(document, image, changes, {OTHER: "db"})


def test_what_the_image_gave_comes_from_the_new_image() -> None:
    body = again(inspect()).body
    assert body["Image"] == "shop/web:1"
    assert body["Env"] == []
    assert body["Labels"] == {}
    assert body["ExposedPorts"] == {}
    assert body["Volumes"] == {}
    for key in ("Cmd", "Entrypoint", "WorkingDir", "User", "Healthcheck", "StopSignal", "Hostname"):
        assert key not in body
    assert "ContainerIDFile" not in body["HostConfig"]
    assert "NetworkingConfig" not in body


def test_what_is_its_own_is_kept() -> None:
    document = inspect(
        Env=["PATH=/usr/bin", "LANG=de_DE", "DB_HOST=db"],
        Labels={"maintainer": "us", "version": "2", "tier": "web"},
        User="root",
        Hostname="shop",
        Healthcheck={"Test": ["CMD", "check"], "Interval": 5_000_000_000},
        Cmd=["serve", "--debug"],
    )
    body = again(document).body
    assert body["Env"] == ["LANG=de_DE", "DB_HOST=db"]
    assert body["Labels"] == {"version": "2", "tier": "web"}
    assert (body["User"], body["Hostname"], body["Cmd"]) == ("root", "shop", ["serve", "--debug"])
    assert body["Healthcheck"] == {"Interval": 5_000_000_000}
    assert "Entrypoint" not in body


def test_without_the_old_image_everything_is_kept() -> None:
    body = again(inspect(), image=None).body
    assert body["Env"] == ["PATH=/usr/bin", "LANG=C"]
    assert body["Entrypoint"] == ["/entry"]


@pytest.mark.parametrize(
    ("entrypoint", "cmd", "wanted"),
    [
        (["/own"], ["serve"], (["/own"], ["serve"])),
        (["/own"], None, (["/own"], [])),
        (None, ["sh"], ([""], ["sh"])),
        ([], ["serve"], ([""], ["serve"])),
    ],
)
def test_an_entrypoint_of_its_own_takes_the_command_along(entrypoint: Any, cmd: Any, wanted: Any) -> None:
    body = again(inspect(Entrypoint=entrypoint, Cmd=cmd)).body
    assert (body["Entrypoint"], body["Cmd"]) == wanted


def test_anonymous_volumes_go_over_and_named_ones_stay() -> None:
    document = inspect()
    document["HostConfig"] |= {
        "Binds": ["/etc/app:/etc/app:ro", "named:/named"],
        "Mounts": [
            {"Type": "volume", "Target": "/stated", "Source": "stated"},
            {"Type": "volume", "Target": "/open"},
            {"Type": "tmpfs", "Target": "/tmp"},
        ],
    }
    document["Mounts"] = [
        {"Type": "bind", "Source": "/etc/app", "Destination": "/etc/app", "RW": False},
        {"Type": "volume", "Name": "named", "Destination": "/named", "RW": True},
        {"Type": "volume", "Name": "a" * 64, "Destination": "/data", "RW": True},
        {"Type": "volume", "Name": "b" * 64, "Destination": "/ro", "RW": False},
        {"Type": "volume", "Name": "stated", "Destination": "/stated", "RW": True},
        {"Type": "volume", "Name": "c" * 64, "Destination": "/open", "RW": True},
        {"Type": "tmpfs", "Destination": "/tmp"},
    ]
    made = again(document)
    host = made.body["HostConfig"]
    assert host["Binds"] == [
        "/etc/app:/etc/app:ro", "named:/named", f"{'a' * 64}:/data", f"{'b' * 64}:/ro:ro",
    ]  # fmt: skip
    assert [m.get("Source") for m in host["Mounts"]] == ["stated", "c" * 64, None]
    assert made.volumes == ("a" * 64, "b" * 64, "c" * 64)


def test_one_network_at_create_and_the_others_afterwards() -> None:
    document = inspect()
    document["HostConfig"]["NetworkMode"] = "front"
    document["NetworkSettings"]["Networks"] = {
        "back": {
            "Aliases": [ID[:12], "cache"],
            "IPAMConfig": {"IPv4Address": "10.9.0.5"},
            "MacAddress": "02:42",
        },
        "front": {"Aliases": ["web", "shop", ID[:12]], "IPAMConfig": None, "IPAddress": "10.8.0.2"},
    }
    made = again(document)
    assert made.body["NetworkingConfig"] == {"EndpointsConfig": {"front": {"Aliases": ["shop"]}}}
    assert made.connect == (("back", {"IPAMConfig": {"IPv4Address": "10.9.0.5"}, "Aliases": ["cache"]}),)


def test_the_first_network_is_found_by_id_too_and_the_default_one_has_no_aliases() -> None:
    document = inspect()
    document["HostConfig"]["NetworkMode"] = "n7"
    document["NetworkSettings"]["Networks"] = {"front": {"NetworkID": "n7", "Aliases": ["shop"]}}
    assert again(document).body["NetworkingConfig"]["EndpointsConfig"] == {"front": {"Aliases": ["shop"]}}
    document["HostConfig"]["NetworkMode"] = "bridge"
    document["NetworkSettings"]["Networks"] = {"bridge": {"Aliases": ["shop"]}}
    assert "NetworkingConfig" not in again(document).body


def test_the_name_of_the_host_is_not_its_own() -> None:
    document = inspect(Hostname="machine", Domainname="example")
    document["HostConfig"] |= {"NetworkMode": "host", "UTSMode": "host"}
    assert not {"Hostname", "Domainname"} & again(document).body.keys()


@pytest.mark.parametrize("mode", ["host", f"container:{OTHER}"])
def test_a_network_that_is_not_its_own_brings_neither_name_nor_endpoints(mode: str) -> None:
    document = inspect(Hostname="machine", Domainname="example")
    document["HostConfig"] |= {"NetworkMode": mode, "PidMode": f"container:{OTHER}"}
    body = again(document).body
    # With the host's network a container may have a name of its own; with another's it may not.
    assert ("Hostname" in body) is ("Domainname" in body) is (mode == "host")
    assert "NetworkingConfig" not in body
    assert body["HostConfig"]["NetworkMode"] == mode.replace(OTHER, "db")
    assert body["HostConfig"]["PidMode"] == "container:db"


def test_links_of_old() -> None:
    assert legacy_links(["/db:/web/alias", "/mq:/web/mq"]) == ["db:alias", "mq:mq"]


def test_who_hangs_on_it() -> None:
    others = {
        "1": {"HostConfig": {"NetworkMode": f"container:{ID}"}},
        "2": {"HostConfig": {"PidMode": f"container:{ID}"}},
        "3": {"HostConfig": {"NetworkMode": "bridge"}},
    }
    assert dependents(ID, others) == ["1", "2"]


def test_changes() -> None:
    document = inspect(Env=["PATH=/usr/bin", "A=1", "B=2"])
    changes = Changes(
        image="shop/web:2",
        env={"A": "3", "B": None, "C": "4"},
        labels={"version": "9", "maintainer": None},
        ports=("8080:80", "127.0.0.1:53:53/udp", "9000"),
        restart="on-failure:3",
        memory=memory_size("512m"),
        cpus=1.5,
    )
    body = again(document, changes).body
    assert body["Image"] == "shop/web:2"
    assert body["Env"] == ["A=3", "C=4"]
    assert body["Labels"] == {"version": "9"}
    host = body["HostConfig"]
    assert host["PortBindings"] == {
        "80/tcp": [{"HostIp": "", "HostPort": "8080"}],
        "53/udp": [{"HostIp": "127.0.0.1", "HostPort": "53"}],
        "9000/tcp": [{"HostIp": "", "HostPort": ""}],
    }
    assert set(body["ExposedPorts"]) == {"80/tcp", "53/udp", "9000/tcp"}
    assert host["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 3}
    assert (host["Memory"], host["NanoCpus"]) == (512 << 20, 1_500_000_000)


@pytest.mark.parametrize("port", ["", "80:", "x", "1:2:3:4", "99999", "80/icmp", "0:80"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(UsageError, match="no port"):
        again(inspect(), Changes(ports=(port,)))


@pytest.mark.parametrize("policy", ["", "sometimes", "always:3", "on-failure:x"])
def test_a_policy_that_is_none_is_refused(policy: str) -> None:
    with pytest.raises(UsageError, match="no restart policy"):
        restart_policy(policy)


def test_the_documents_are_left_as_they_are() -> None:
    document = inspect()
    document["HostConfig"] |= {"Binds": [], "Mounts": [{"Type": "volume", "Target": "/open"}]}
    document["Mounts"] = [{"Type": "volume", "Name": "v", "Destination": "/open"}]
    before = copy.deepcopy((document, IMAGE))
    again(document, Changes(env={"A": "1"}, ports=("80",), memory=1))
    assert (document, IMAGE) == before


VALUES = st.none() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=2)
SHAPES = st.recursive(
    VALUES, lambda inner: st.dictionaries(st.text(max_size=4), inner, max_size=3), max_leaves=8
)
KEYS = st.sampled_from(["Id", "Name", "Config", "HostConfig", "Mounts", "NetworkSettings"])
INNER = st.sampled_from(
    ["Env", "Cmd", "Labels", "Networks", "Binds", "Mounts", "NetworkMode", "Links", "Tmpfs"]
)


@given(st.dictionaries(KEYS, st.dictionaries(INNER, SHAPES, max_size=4), max_size=6))
def test_a_document_of_any_shape_raises_nothing(document: dict[str, Any]) -> None:
    again(document)


@pytest.mark.parametrize(
    ("labels", "kind", "way", "undoes"),
    [
        (
            {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"},
            OwnerKind.COMPOSE, "docker compose up -d web", False,
        ),
        (
            {"com.docker.swarm.service.id": "x", "com.docker.swarm.service.name": "shop_web"},
            OwnerKind.SWARM, "docker service update --force shop_web", True,
        ),
        ({"io.kubernetes.pod.name": "w-1"}, OwnerKind.KUBERNETES, "kubectl -n default delete pod w-1", True),
        ({"PODMAN_SYSTEMD_UNIT": "web.service"}, OwnerKind.SYSTEMD, "systemctl restart web.service", True),
    ],
)  # fmt: skip
def test_owners(labels: dict[str, str], kind: OwnerKind, way: str, undoes: bool) -> None:
    owner = owner_of({"Config": {"Labels": labels}})
    assert owner is not None
    assert (owner.kind, owner.way, owner.undoes) == (kind, way, undoes)


def test_nobody_owns_a_container_without_signs_of_it() -> None:
    assert owner_of(inspect()) is None
    pod = owner_of({"Pod": "f" * 64})
    assert pod is not None
    assert pod.kind is OwnerKind.POD


def test_files_that_are_lost_are_neither_mounts_nor_the_folders_above() -> None:
    document = {"Mounts": [{"Destination": "/data"}], "HostConfig": {"Tmpfs": {"/scratch": ""}}}
    changed = ["/data", "/scratch", "/etc", "/etc/app", "/etc/app/x.conf", "/new"]
    assert lost_files(document, changed) == 2
    assert lost_files(document, ["/data"]) == 0
    assert lost_files({}, []) == 0
