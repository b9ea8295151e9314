"""From the engine's JSON to the model: whatever the JSON is."""

from __future__ import annotations

import contextlib
import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.containers import ContainerState, Health, Port
from console.model.text import sanitise
from console.transport import wire, wire_feeds
from console.transport.wire_text import BadJson, cleaned, load, moment, number, real, status_age

from .fake_engine import full_id, row

NOW = 1_700_000_000.0
ID = full_id(7)


def listed(**more: Any) -> Any:
    return wire.listed("here", row("web", **more), NOW)


# Any JSON, with the engine's own keys in places where other things are expected.
KEYS = st.sampled_from(
    """Id Names State Status Ports Labels NetworkSettings Networks Health Config HostConfig RestartPolicy
    Created PrivatePort Actor Attributes ID Action Type time timeNano cpu_stats precpu_stats memory_stats
    stats usage cpu_usage system_cpu_usage read limit Command Args Path Name Image MaximumRetryCount IP
    Components Mounts Containers Volumes Size UsageData""".split()  # noqa: SIM905 - a word list, not forty quoted strings
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([ID, "running", "Up 3 minutes", "2024-01-01T00:00:00Z", "8080", 10**400, "\ud800"])
)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=8), inner, max_size=6)
    ),
    max_leaves=30,
)


@given(st.lists(st.dictionaries(KEYS, JSON, max_size=12), max_size=4), JSON)
def test_no_json_crashes_any_of_it(rows: list[dict[str, Any]], other: Any) -> None:
    for document in (rows, other, [{**r, "Id": ID} for r in rows]):
        for container in wire.containers("here", document, NOW):
            assert container.id
            repr(container)
    for document in [*rows, other]:
        for whole in (document, {**document, "Id": ID} if isinstance(document, dict) else document):
            wire.inspection("here", whole)
        wire_feeds.event("here", document)
        wire_feeds.stats(document)
        wire_feeds.stats({**document, "read": "2024-01-01T00:00:00Z"} if isinstance(document, dict) else 1)
        wire_feeds.api_version(document)
        if isinstance(document, dict):
            wire_feeds.engine_kind(document)


@given(st.binary(max_size=60) | st.just(b"[" * 100_000) | st.just(b"9" * 10_000))
def test_no_bytes_crash_the_reader(raw: bytes) -> None:
    with contextlib.suppress(BadJson):
        load(raw)
    assert isinstance(wire_feeds.error_message(raw), str)


@given(st.text(max_size=30) | st.text(st.characters(max_codepoint=127), max_size=30), st.integers(1, 40))
def test_the_short_cut_changes_nothing(raw: str, limit: int) -> None:
    assert cleaned(raw, limit) == sanitise(raw, limit)


def test_a_row_without_a_full_id_is_left_out_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        found = wire.containers("here", [row("a"), row("b", Id="abc"), None, row("c", Id="A" * 64)], NOW)
    assert [c.name for c in found] == ["a"]
    assert "3 rows" in caplog.text


def test_hostile_texts_are_harmless() -> None:
    evil = "\x1b]52;c;aGk=\x07na\u202eme\n"
    container = listed(Names=["/" + evil], Image=evil, Command=evil, Labels={evil: evil})
    inspected = wire.inspection(
        "here", {"Id": ID, "Name": evil, "Path": evil, "Config": {"Labels": {evil: evil}}}
    )
    assert inspected is not None
    for one in (container, inspected.container):
        texts = [one.name, one.command, *one.labels, *one.labels.values()]
        assert set(texts) == {"name "}


@pytest.mark.parametrize(
    ("names", "name"),
    [
        (["/web"], "web"),
        (["/db/alias", "/web"], "web"),
        (["web"], "web"),
        ([], ID[:12]),
        (None, ID[:12]),
        ([7, "/x"], "x"),
    ],
)
def test_the_name_is_its_own_and_not_a_link_of_another(names: Any, name: str) -> None:
    assert listed(Names=names, Id=ID).name == name


@pytest.mark.parametrize(
    ("state", "status", "health", "code", "started", "finished"),
    [
        ("running", "Up 3 minutes", Health.NONE, None, 180, None),
        ("running", "Up 3 minutes (healthy)", Health.HEALTHY, None, 180, None),
        ("running", "Up About an hour (unhealthy)", Health.UNHEALTHY, None, 3600, None),
        ("running", "Up Less than a second (health: starting)", Health.STARTING, None, 0, None),
        ("running", "Up About a minute", Health.NONE, None, 60, None),
        ("paused", "Up 2 weeks (Paused)", Health.NONE, None, 14 * 86400, None),
        ("exited", "Exited (137) 2 hours ago", Health.NONE, 137, None, 7200),
        ("exited", "Exited (0) 1 second ago", Health.NONE, 0, None, 1),
        ("exited", "Exited (-1) 3 years ago", Health.NONE, -1, None, 3 * 365 * 86400),
        ("restarting", "Restarting (1) 5 seconds ago", Health.NONE, 1, None, 5),
        ("created", "Created", Health.NONE, None, None, None),
        ("dead", "Dead", Health.NONE, None, None, None),
        ("removing", "Removal In Progress", Health.NONE, None, None, None),
        ("running", "", Health.NONE, None, None, None),
    ],
)
def test_the_status_text(
    state: str, status: str, health: Health, code: int | None, started: float | None, finished: float | None
) -> None:
    container = listed(State=state, Status=status)
    assert container.state.value == state
    assert (container.health, container.exit_code) == (health, code)
    assert container.started == (None if started is None else NOW - started)
    assert container.finished == (None if finished is None else NOW - finished)
    assert not container.detailed
    assert (container.oom, container.restarts) == (None, None)


def test_newer_engines_say_the_health_in_a_field() -> None:
    assert listed(Status="Up 3 minutes", Health={"Status": "unhealthy"}).health is Health.UNHEALTHY
    assert listed(Status="Up 3 minutes (healthy)", Health={"Status": "none"}).health is Health.NONE


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("configured", ContainerState.CREATED),
        ("stopped", ContainerState.EXITED),
        ("Running", ContainerState.RUNNING),
        ("sleeping", ContainerState.UNKNOWN),
        (None, ContainerState.UNKNOWN),
    ],
)
def test_words_for_states(word: Any, state: ContainerState) -> None:
    assert listed(State=word).state is state


def test_ports_are_sorted_and_each_is_there_once() -> None:
    bound = {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"}
    ports = listed(
        Ports=[
            {"PrivatePort": 9000, "Type": "udp"},
            bound,
            {**bound, "IP": "::"},
            bound,
            {"PrivatePort": 0},
            {"PrivatePort": 70000},
            None,
        ]
    ).ports
    assert ports == (
        Port(80, 8080, "0.0.0.0", "tcp"),
        Port(80, 8080, "::", "tcp"),
        Port(9000, 0, "", "udp"),
    )


def inspected(**more: Any) -> Any:
    document = {
        "Id": ID,
        "Name": "/web",
        "Created": "2024-01-01T00:00:00.123456789Z",
        "Path": "sh",
        "Args": ["-c", "sleep 1"],
        "Image": "sha256:1",
        "RestartCount": 3,
        "State": {
            "Status": "exited",
            "ExitCode": 137,
            "OOMKilled": True,
            "StartedAt": "2024-01-01T01:00:00+01:00",
            "FinishedAt": "0001-01-01T00:00:00Z",
            "Health": {"Status": "unhealthy"},
        },
        "Config": {"Image": "app:1", "Labels": {"com.docker.compose.project": "shop"}},
        "HostConfig": {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 5}},
        "NetworkSettings": {
            "Networks": {"b": {}, "a": {}},
            "Ports": {"80/tcp": [{"HostIp": "::", "HostPort": "8080"}], "443/tcp": None, "x/y": None},
        },
        **more,
    }
    return wire.inspection("here", document)


def test_an_inspection() -> None:
    found = inspected().container
    assert (found.name, found.image, found.image_id, found.command) == (
        "web",
        "app:1",
        "sha256:1",
        "sh -c sleep 1",
    )
    assert (found.state, found.exit_code, found.oom, found.health, found.restarts, found.restart_policy) == (
        ContainerState.EXITED,
        137,
        True,
        Health.UNHEALTHY,
        3,
        "on-failure:5",
    )
    assert (found.created, found.started, found.finished) == (1704067200.1234567, 1704067200.0, None)
    assert found.ports == (Port(80, 8080, "::", "tcp"), Port(443, 0, "", "tcp"))
    assert (found.networks, found.project, found.detailed) == (("a", "b"), "shop", True)


def test_a_running_container_has_no_exit_code() -> None:
    assert inspected(State={"Status": "running", "ExitCode": 0}).container.exit_code is None
    assert inspected(State={"Status": "running", "Paused": True}).container.state is ContainerState.PAUSED


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2024-01-01T00:00:00Z", 1704067200.0),
        ("2024-01-01T00:00:00.5Z", 1704067200.5),
        ("2024-01-01T02:00:00.250+02:00", 1704067200.25),
        ("2023-12-31T19:00:00-05:00", 1704067200.0),
        ("0001-01-01T00:00:00Z", None),
        ("2024-13-01T00:00:00Z", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (17, None),
    ],
)
def test_moments(text: Any, seconds: float | None) -> None:
    assert moment(text) == seconds


@given(st.integers(0, 10**7))
def test_an_age_is_never_off_by_more_than_its_unit(seconds: int) -> None:
    """Against the engine's own way of writing a duration (go-units HumanDuration)."""
    minutes, hours = seconds // 60, (seconds + 1800) // 3600
    if seconds < 1:
        said, unit = "Less than a second", 1
    elif seconds < 60:
        said, unit = f"{seconds} second{'s' if seconds > 1 else ''}", 1
    elif minutes == 1:
        said, unit = "About a minute", 60
    elif minutes < 60:
        said, unit = f"{minutes} minutes", 60
    elif hours == 1:
        said, unit = "About an hour", 3600
    elif hours < 48:
        said, unit = f"{hours} hours", 3600
    elif hours < 24 * 14:
        said, unit = f"{hours // 24} days", 86400
    elif hours < 24 * 60:
        said, unit = f"{hours // 24 // 7} weeks", 7 * 86400
    else:
        said, unit = f"{hours // 24 // 30} months", 30 * 86400
    age = status_age(f"Up {said} (healthy)")
    assert age is not None
    assert abs(age - seconds) <= unit


@pytest.mark.parametrize("value", [None, True, "5", [], {}, float("nan"), float("inf")])
def test_numbers_that_are_none(value: Any) -> None:
    assert number(value) == 0
    assert real(value) == 0.0


def frame(**memory: Any) -> dict[str, Any]:
    return {"read": "2024-01-01T00:00:00Z", "memory_stats": memory}


@pytest.mark.parametrize(
    ("memory", "used"),
    [
        ({"usage": 1000, "stats": {"inactive_file": 300}}, 700),
        ({"usage": 1000, "stats": {"total_inactive_file": 400, "inactive_file": 300}}, 600),
        ({"usage": 1000, "stats": {"total_inactive_file": 2000, "inactive_file": 300}}, 700),
        ({"usage": 1000, "stats": {"inactive_file": 2000}}, 1000),
        ({"usage": 1000}, 1000),
        ({}, 0),
    ],
)
def test_memory_as_docker_stats_counts_it(memory: dict[str, Any], used: int) -> None:
    found = wire_feeds.stats(frame(**memory))
    assert found is not None
    assert found.memory_bytes == used


def test_cpu_as_docker_stats_counts_it() -> None:
    def cpu(total: int, system: int, **more: Any) -> dict[str, Any]:
        return {"cpu_usage": {"total_usage": total, **more}, "system_cpu_usage": system}

    before = cpu(10**9, 10**10)
    assert wire_feeds.cpu_percent({"cpu_stats": cpu(2 * 10**9, 2 * 10**10), "precpu_stats": before}) == 10.0
    four = {**cpu(2 * 10**9, 2 * 10**10), "online_cpus": 4}
    assert wire_feeds.cpu_percent({"cpu_stats": four, "precpu_stats": before}) == 40.0
    old = cpu(2 * 10**9, 2 * 10**10, percpu_usage=[1, 2])
    assert wire_feeds.cpu_percent({"cpu_stats": old, "precpu_stats": before}) == 20.0
    assert wire_feeds.cpu_percent({"cpu_stats": four, "precpu_stats": {}}) is None
    assert wire_feeds.cpu_percent({"cpu_stats": cpu(0, 2 * 10**10), "precpu_stats": before}) == 0.0


def test_no_limit_is_none() -> None:
    for unlimited in (9223372036854771712, 2**64 - 1, 0):
        found = wire_feeds.stats(frame(usage=1, limit=unlimited))
        assert found is not None
        assert found.memory_limit == 0


def test_an_event_of_before_1_22_and_one_of_after_1_52() -> None:
    old = wire_feeds.event("here", {"status": "start", "id": ID, "from": "app:1", "time": 5})
    new = wire_feeds.event(
        "here",
        {
            "Type": "container",
            "Action": "start",
            "Actor": {"ID": ID, "Attributes": {"name": "web", "n": 3}},
            "timeNano": 7,
        },
    )
    assert old is not None
    assert new is not None
    assert (old.type, old.action, old.container_id, old.time_ns) == ("container", "start", ID, 5 * 10**9)
    assert (new.name, new.container_id, new.time_ns, new.attributes["n"]) == ("web", ID, 7, "3")
    assert wire_feeds.event("here", {"Type": "container"}) is None


def test_the_volumes_of_a_container_are_those_of_its_mounts() -> None:
    mounts = [
        {"Type": "volume", "Name": "pgdata"},
        {"Type": "bind", "Name": "no", "Source": "/etc"},
        {"Type": "volume", "Name": "a" * 64},
        {"Type": "volume", "Name": "pgdata"},
        {"Type": "volume"},
        "?",
    ]
    assert listed(Mounts=mounts).volumes == ("a" * 64, "pgdata")
    whole = {"Id": ID, "Name": "/web", "State": {}, "Config": {}, "Mounts": mounts}
    found = wire.inspection("here", whole)
    assert found is not None
    assert found.container.volumes == ("a" * 64, "pgdata")
    assert listed(Mounts=None).volumes == ()


def test_podman_says_some_things_in_its_own_words() -> None:
    said = [
        wire_feeds.event("here", {"Type": kind, "Action": "remove", "Actor": {"ID": ID}})
        for kind in ("container", "volume", "network", "image", "daemon")
    ]
    assert [event and event.action for event in said] == ["destroy"] * 3 + ["delete", "remove"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"message":"no such thing"}', "no such thing"),
        (b'{"cause":"no such thing","response":404}', "no such thing"),
        (b"plain words\n", "plain words"),
        (b"", ""),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (json.dumps({"message": 3}).encode(), '{"message": 3}'),
    ],
)
def test_the_words_of_an_error(body: bytes, said: str) -> None:
    assert wire_feeds.error_message(body) == said
