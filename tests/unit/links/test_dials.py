"""What a consumer's configuration says that it dials, and nothing of its secrets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.mappings.offers import consumer, dials
from tests.unit.test_mapping_views import view


def document(*env: str, **more: Any) -> dict[str, Any]:
    extra = more.pop("extra", None)
    return {"Name": "/web", "Config": {"Env": list(env), **more}, "HostConfig": {"ExtraHosts": extra}}


def said(*env: str, **more: Any) -> list[tuple[str, int, str]]:
    return [(one.name, one.port, str(one.source)) for one in dials(document(*env, **more))]


@pytest.mark.parametrize(
    ("env", "name", "port"),
    [
        ("DATABASE_URL=postgres://shop:s3cret@10.0.0.21:15432/shop", "10.0.0.21", 15432),
        ("UPSTREAM=10.0.0.21:15432", "10.0.0.21", 15432),
        ("DB_DSN=app:pw@tcp(10.0.0.21:3306)/shop", "10.0.0.21", 3306),
        ("DATABASE_URL=postgres://db/shop", "db", 5432),
    ],
)
def test_addresses_are_dialled_too(env: str, name: str, port: int) -> None:
    assert said(env) == [(name, port, f"variable {env.partition('=')[0]}")]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.1.1", "0.0.0.0", "999.1.1.1"])
def test_itself_and_nonsense_are_not(host: str) -> None:
    assert said(f"REDIS_URL=redis://{host}:6379", Cmd=["app", f"{host}:6379"]) == []


def test_an_extra_host_is_dialled_by_its_address_on_the_ports_of_its_name() -> None:
    found = said("DB_HOST=db", "DB_PORT=5433", extra=["db:10.0.0.21", "old=10.0.0.22"])
    assert found == [
        ("db", 5433, "variables DB_HOST, DB_PORT"),
        ("old", 0, "extra host old"),
        ("10.0.0.21", 5433, "extra host db"),
        ("10.0.0.22", 0, "extra host old"),
    ]


def test_a_command_says_what_it_dials() -> None:
    words = ["--db=postgres://u:p@db/x", "--peer", "10.0.0.9:7000", "TCP:mq:5672,retry=3", "admin:12345"]
    found = said(Entrypoint=["socat"], Cmd=words)
    assert {one[:2] for one in found} == {("db", 5432), ("10.0.0.9", 7000), ("mq", 5672)}
    assert {one[2] for one in found} == {"its command"}


def test_labels_with_urls_and_those_about_the_image() -> None:
    labels = {
        "proxy.server.url": "http://10.0.0.9:8080/x",
        "org.opencontainers.image.source": "https://example.com/x",
        "com.docker.compose.depends_on": "cache:service_started:false",
    }
    assert said(Labels=labels) == [
        ("cache", 0, "Compose: depends on cache"),
        ("10.0.0.9", 8080, "label proxy.server.url"),
    ]


def test_what_is_proposed_for_a_mapping_has_no_addresses() -> None:
    one = document("UPSTREAM=10.0.0.21:80", "DB_HOST=db", Cmd=["TCP:mq:5672"], extra=["old:10.0.0.22"])
    assert [found.name for found in consumer(one)] == ["old", "db"]


def test_a_container_s_view_has_them() -> None:
    config = {"Image": "web", "Env": ["DATABASE_URL=postgres://u:hunter2@db/x"]}
    found = view(Config=config)
    assert [(one.name, one.port) for one in found.dials] == [("db", 5432)]
    assert "hunter2" not in repr(found)


PASSWORDS = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=8, max_size=20)


@given(PASSWORDS)
@pytest.mark.parametrize("place", ["env", "args", "labels"])
def test_41_nothing_of_a_secret_is_told(place: str, password: str) -> None:
    lines = [
        f"postgres://u:{password}@db:5432/x",
        f"host=db port=1 password={password}",
        f"u:{password}@tcp(db:3306)/x",
        f"--password={password}",
        f"--token={password}",
        f"admin:{password}",
        password,
    ]
    match place:
        case "env":
            names = ["DATABASE_URL", "X_DSN", "Y_DSN", "A_PASSWORD", "A_TOKEN", "A_SECRET", "A_KEY"]
            found = said(*(f"{name}={line}" for name, line in zip(names, lines, strict=True)))
        case "args":
            found = said(
                Cmd=["app", *lines, "--password", password, "-u", f"admin:{password}", "-p", password]
            )
        case _:
            found = said(Labels={f"x.y{number}": line for number, line in enumerate(lines)})
    for name, port, source in found:
        assert password not in (name, f"{name}:{port}", str(port))
        assert password not in source
        assert name == "db", "a piece of a secret"
