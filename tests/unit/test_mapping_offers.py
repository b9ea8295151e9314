"""What is proposed for a mapping, from what containers say themselves; never a secret."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.mappings.offers import consumer, endpoint, notes


def said(*env: str, extra: list[str] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "Name": "/web",
        "Config": {"Env": list(env), "Hostname": "0a1b2c3d4e5f", **more},
        "HostConfig": {"ExtraHosts": extra, "NetworkMode": "shop_default"},
    }


def proposed(*env: str, **more: Any) -> list[tuple[str, int, str]]:
    return [(one.name, one.port, str(one.source)) for one in consumer(said(*env, **more))]


@pytest.mark.parametrize(
    ("env", "name", "port"),
    [
        ("DATABASE_URL=postgres://shop:s3cret@db:5432/shop", "db", 5432),
        ("DATABASE_URL=postgresql+psycopg://u:p%40ss@db/shop?sslmode=off", "db", 5432),
        ("SPRING_DATASOURCE_URL=jdbc:mysql://db:3307/shop", "db", 3307),
        ("CELERY_BROKER=amqp://guest:guest@mq//", "mq", 5672),
        ("REDIS_URL=redis://:pw@cache:6380/0", "cache", 6380),
        ("DSN=host=db port=5433 user=u password=p", "db", 5433),
        ("CS=Server=tcp:sql,1433;Database=x;User Id=y;Password=z", "sql", 1433),
        ("CS=Server=mysql;Port=3307;Uid=x;Pwd=y", "mysql", 3307),
        ("DB_DSN=app:pw@tcp(db:3306)/shop", "db", 3306),
        ("KAFKA_BROKERS=kafka:9092", "kafka", 9092),
        ("REDIS_HOST=cache", "cache", 6379),
        ("PGHOST=db", "db", 5432),
        ("UPSTREAM=api:8080", "api", 8080),
    ],
)
def test_one_variable(env: str, name: str, port: int) -> None:
    variable = env.partition("=")[0]
    assert proposed(env) == [(name, port, f"variable {variable}")]


def test_a_host_and_its_port_are_one() -> None:
    assert proposed("DB_HOST=db", "DB_PORT=5433") == [("db", 5433, "variables DB_HOST, DB_PORT")]
    assert proposed("PGHOST=db", "PGPORT=5433") == [("db", 5433, "variables PGHOST, PGPORT")]
    assert proposed("DB_HOST=db") == [("db", 0, "variable DB_HOST")]
    assert proposed("DB_HOST=db", "DATABASE_URL=postgres://db/x") == [("db", 5432, "variable DATABASE_URL")]


def test_several_hosts_of_one_variable() -> None:
    assert [one[:2] for one in proposed("MONGO_URL=mongodb://u:p@m1:27018,m2/x")] == [
        ("m1", 27018),
        ("m2", 27017),
    ]


def test_the_best_comes_first() -> None:
    labels = {"com.docker.compose.depends_on": "cache:service_started:false,db:service_healthy:true"}
    found = proposed(
        "API=https://api.example.com/v1",
        "FRONT_URL=http://front:8080",
        "DATABASE_URL=postgres://u:p@db/x",
        extra=["legacy:10.0.0.9"],
        Labels=labels,
    )
    assert [one[:2] for one in found] == [
        ("db", 5432),
        ("legacy", 0),
        ("front", 8080),
        ("cache", 0),
        ("api.example.com", 443),
    ]
    assert found[1][2] == "extra host legacy"
    assert found[3][2] == "Compose: depends on cache"


@pytest.mark.parametrize(
    "env",
    [
        "HOSTNAME=web-7",
        "LISTEN_ADDR=api:80",
        "DB_HOST=localhost",
        "DB_HOST=10.0.0.5",
        "DB_HOST=web",
        "DB_HOST=0a1b2c3d4e5f",
        "DB_HOST=${X}",
        "DB_HOST=",
        "DB_HOST=a b",
        "URL=file:///etc/x",
        "URL=http://",
        "URL=tcp://x",
        "SECRET_HOST=hunter2",
        "VERSION=1.2",
        "JUNK",
    ],
)
def test_what_is_no_name_of_another(env: str) -> None:
    assert proposed(env) == []


def test_a_password_with_a_slash_is_not_taken_for_a_host() -> None:
    assert proposed("DATABASE_URL=postgres://hunter2:12/34@db:5432/x") == []
    assert proposed("DATABASE_URL=postgres://hunter2/34@db:5432/x") == []


@given(st.text(st.characters(codec="ascii", exclude_characters="\x00"), min_size=8, max_size=20))
def test_no_password_is_shown(password: str) -> None:
    envs = (
        f"DATABASE_URL=postgres://u:{password}@db:5432/x",
        f"X_DSN=host=db port=1 password={password}",
        f"DB_PASSWORD={password}",
        f"API_TOKEN={password}:80",
    )
    for env in envs:
        for name, _, source in proposed(env):
            assert name != password
            assert len(password) < 6 or password not in source


def test_an_endpoint_proposes_its_ports() -> None:
    document = {
        "Name": "/shop-db-1",
        "Config": {
            "ExposedPorts": {"8008/tcp": {}, "5432/tcp": {}, "53/udp": {}, "junk": {}},
            "Env": ["PORT=9000"],
            "Labels": {"com.docker.compose.service": "db"},
        },
        "NetworkSettings": {
            "Ports": {"8008/tcp": [{"HostIp": "0.0.0.0", "HostPort": "18008"}], "5432/tcp": None}
        },
    }
    found = [(one.name, one.port, str(one.source)) for one in endpoint(document)]
    assert found == [
        ("db", 5432, "exposed by its image"),
        ("db", 8008, "published as 18008"),
        ("db", 9000, "variable PORT"),
    ]


def test_what_is_worth_knowing_of_a_network() -> None:
    def of(mode: str, *networks: str) -> str:
        document = {
            "HostConfig": {"NetworkMode": mode},
            "NetworkSettings": {"Networks": {network: None for network in networks}},
        }
        return str(notes(document).get("network", ""))

    assert of("host").startswith("host network")
    assert of("none").startswith("no network at all")
    assert of("container:abc").startswith("uses another container's network")
    assert of("bridge", "bridge").startswith("on the default bridge only")
    assert of("bridge", "bridge", "shop") == ""
    assert of("shop", "shop") == ""


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda more: (
            st.lists(more, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["Config", "HostConfig", "Env", "Labels", "ExposedPorts", "NetworkSettings", "Ports"]
                ),
                more,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_a_document_of_any_shape_does_no_harm(document: object) -> None:
    if isinstance(document, dict):
        consumer(document)
        endpoint(document)
        notes(document)
