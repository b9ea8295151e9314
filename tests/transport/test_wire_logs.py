"""How a container's log is kept, from inspects as engines write them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.logs.setup import LogSetup
from console.transport import wire
from console.transport.wire_logs import LOCAL_SIZE, log_setup, size_of


def document(kind: str, options: Any = None, **more: Any) -> dict[str, Any]:
    return {"Config": {"Tty": False}, "HostConfig": {"LogConfig": {"Type": kind, "Config": options, **more}}}


@pytest.mark.parametrize(
    ("said", "setup"),
    [
        (document("json-file", {}), LogSetup(driver="json-file")),
        (
            document("json-file", {"max-size": "10m", "max-file": "3", "compress": "true"}),
            LogSetup(driver="json-file", max_size=10 << 20, max_files=3),
        ),
        (document("json-file", {"max-size": "-1"}), LogSetup(driver="json-file")),
        (document("local", {}), LogSetup(driver="local", max_size=LOCAL_SIZE, max_files=5)),
        (
            document("local", {"max-size": "500k", "max-file": "2"}),
            LogSetup(driver="local", max_size=500 << 10, max_files=2),
        ),
        # The copy that Docker keeps beside a driver it cannot read.
        (document("syslog", {}), LogSetup(driver="syslog", max_size=LOCAL_SIZE, max_files=5)),
        (
            document("gelf", {"max-size": "1", "cache-max-size": "1g", "cache-max-file": "9"}),
            LogSetup(driver="gelf", max_size=1 << 30, max_files=9),
        ),
        (document("journald"), LogSetup(driver="journald")),
        (document("none"), LogSetup(driver="none")),
        (
            document("k8s-file", None, Path="/x/ctr.log", Tag="", Size="10MB"),
            LogSetup(driver="k8s-file", max_size=10 << 20),
        ),
        (document("k8s-file", None, Size="0B"), LogSetup(driver="k8s-file")),
        ({"Config": {"Tty": True}}, LogSetup(tty=True)),
        ({"Config": {"Tty": "yes"}, "HostConfig": {"LogConfig": ["x"]}}, LogSetup()),
    ],
)
def test_setups(said: dict[str, Any], setup: LogSetup) -> None:
    assert log_setup(said) == setup
    found = wire.inspection("h", {"Id": "a" * 64, **said})
    assert found is not None
    assert found.logs == setup


@pytest.mark.parametrize(
    ("said", "size"),
    [
        ("10", 10),
        ("10b", 10),
        ("1k", 1024),
        ("1 KB", 1024),
        ("1.5m", 3 << 19),
        ("2GiB", 2 << 30),
        ("1t", 1 << 40),
        ("-1", None),
        ("", None),
        ("m", None),
        ("1x", None),
        ("٣", None),
    ],
)
def test_sizes(said: str, size: int | None) -> None:
    assert size_of(said) == size


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(json, json, st.text(max_size=10), st.text(max_size=10))
def test_nothing_an_engine_says_can_break_it(tty: object, options: object, size: str, files: str) -> None:
    for config in (options, {"max-size": size, "max-file": files}):
        said = {
            "Config": {"Tty": tty},
            "HostConfig": {"LogConfig": {"Type": "json-file", "Config": config, "Size": size}},
        }
        setup = log_setup(said)
        assert setup.max_files >= 1
        assert setup.max_size is None or setup.max_size > 0
