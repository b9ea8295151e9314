"""Masking: what is hidden, what stays readable, and that no planted secret survives."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from console.model import secrets
from console.model.secrets import (
    mask_argv,
    mask_command,
    mask_document,
    mask_env,
    mask_labels,
    mask_text,
    secret_name,
)
from console.model.text import sanitise

SECRET_NAMES = [
    "password",
    "DB_PASSWORD",
    "dbPassword",
    "db.password",
    "requirepass",
    "MYSQL_PWD",
    "pass",
    "api_key",
    "apiKey",
    "API-KEY",
    "secret",
    "CLIENT_SECRET",
    "token",
    "GITHUB_TOKEN",
    "slackToken",
    "auth",
    "private_key",
    "AWS_SECRET_ACCESS_KEY",
    "credentials",
    "cookie",
    "jwt",
    "SENTRY_DSN",
    "passphrase",
    "TLS_KEY",
    "key",
    "traefik.http.middlewares.x.basicauth.users",
    "x-vault-token",
    "PGPASSWORD",
]
OPEN_NAMES = [
    "compass",
    "PATH",
    "bypass_cache",
    "MONKEY",
    "tier",
    "DB_HOST",
    "public_key",
    "keyboard",
    "image",
    "SandboxKey",
    "author",
    "pinned",
]


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_secret_name_is_known(name: str) -> None:
    assert secret_name(name)


@pytest.mark.parametrize("name", OPEN_NAMES)
def test_a_harmless_name_is_not_hidden(name: str) -> None:
    assert not secret_name(name)


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        ("PATH=/usr/bin:/bin", "PATH=/usr/bin:/bin"),
        ("TZ=Europe/Berlin", "TZ=Europe/Berlin"),
        ("LC_ALL=C.UTF-8", "LC_ALL=C.UTF-8"),
        ("DB_HOST=db.local", "DB_HOST=db.local"),
        ("DB_PORT=5432", "DB_PORT=5432"),
        ("DB_PORT=tcp://10.0.0.2:5432", "DB_PORT=tcp://10.0.0.2:5432"),
        ("DB_HOST=u:p@db", "DB_HOST=***"),
        ("SECRET_HOST=x", "SECRET_HOST=***"),
        ("NGINX_VERSION=1.25.3", "NGINX_VERSION=1.25.3"),
        ("MODE=production", "MODE=***"),
        ("EMPTY=", "EMPTY="),
        ("NOVALUE", "NOVALUE"),
        ("DATABASE_URL=postgres://u:p@h/d", "DATABASE_URL=***"),
        ("A=b=c", "A=***"),
        ("HOME=http://u:p@h/", "HOME=http://***@h/"),
    ],
)
def test_environment(entry: str, shown: str) -> None:
    assert mask_env([entry]) == (shown,)


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        (["redis-server", "--requirepass", "x"], ["redis-server", "--requirepass", "***"]),
        (["app", "--password=x y", "--port=80"], ["app", "--password=***", "--port=80"]),
        (["mysql", "-pfoo", "-u", "root"], ["mysql", "-p***", "-u", "root"]),
        (["client", "-p", "x"], ["client", "-p", "***"]),
        (["curl", "-u", "me:pw", "http://h/"], ["curl", "-u", "me:***", "http://h/"]),
        (["curl", "-H", "Authorization: Bearer abcdef"], ["curl", "-H", "Authorization: Bearer ***"]),
        (["--token", "--password", "z"], ["--token", "***", "***"]),
        (["run", "-e", "A=b", "--env=C=d"], ["run", "-e", "A=***", "--env=C=***"]),
        (["sh", "-c", "PGPASSWORD=x psql -h db"], ["sh", "-c", "PGPASSWORD=*** psql -h db"]),
        (["sh", "-c", "mysqladmin -proot ping"], ["sh", "-c", "mysqladmin -p*** ping"]),
        (["redis-cli", "-a", "quux", "ping"], ["redis-cli", "-a", "***", "ping"]),
        (["nginx", "-g", "daemon off;"], ["nginx", "-g", "daemon off;"]),
        (["server", "postgres://u:p@db/x"], ["server", "postgres://***@db/x"]),
        (["-Dspring.datasource.password=x"], ["-Dspring.datasource.password=***"]),
    ],
)
def test_arguments(argv: list[str], shown: list[str]) -> None:
    assert list(mask_argv(argv)) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("connect to redis://:s3cret@h:6379/0 failed", "connect to redis://***@h:6379/0 failed"),
        ("pushed to https://tok@github.com/x", "pushed to https://***@github.com/x"),
        ("amqp://u:p@ss/w@h:1/v", "amqp://***@h:1/v"),
        ('{"password": "a b", "x": 1}', '{"password": ***, "x": 1}'),
        ("Authorization: Basic dXNlcjpwdw== sent", "Authorization: Basic *** sent"),
        ("opts=password=x y", "opts=password=*** y"),
        ("Cookie: a=b; c=d", "Cookie: ***"),
        ("host key: SHA256:abc", "host key: SHA256:abc"),
        ("GET /?token=abc&x=1 200", "GET /?token=*** 200"),
        ("ops@10.0.0.1:22 via bastion", "ops@10.0.0.1:22 via bastion"),
        ("key AKIAABCDEFGHIJKLMNOP used", "key *** used"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.sig", "jwt ***"),
        ("user:$apr1$abc$def/ghi", "user:***"),
        ("-----BEGIN RSA PRIVATE KEY----- MIIE -----END RSA PRIVATE KEY----- x", "*** x"),
        ("-----BEGIN PRIVATE KEY----- MIIE", "***"),
        ("pass\u200bword=x", "password=***"),
        ("nothing to hide: 10.0.0.1:5432 refused", "nothing to hide: 10.0.0.1:5432 refused"),
    ],
)
def test_free_text(text: str, shown: str) -> None:
    assert mask_text(text) == shown


def test_labels_are_hidden_by_key_and_by_what_they_hold() -> None:
    labels = {
        "com.docker.compose.project": "shop",
        "traefik.http.middlewares.a.basicauth.users": "admin:$apr1$x$y",
        "url": "http://u:p@h/",
        "app.secret": "x",
    }
    assert mask_labels(labels) == {
        "com.docker.compose.project": "shop",
        "traefik.http.middlewares.a.basicauth.users": "***",
        "url": "http://***@h/",
        "app.secret": "***",
    }


def inspect_document(secret: str) -> dict[str, object]:
    """An inspect answer with the same secret everywhere one can be."""
    return {
        "Id": "ab" * 32,
        "Path": "sh",
        "Args": ["-c", f"serve --password={secret}"],
        "State": {
            "Status": "running",
            "Pid": 1,
            "Error": f"password={secret}",
            "Health": {
                "Log": [{"ExitCode": 1, "Output": f"dial redis://:{secret}@h failed\ntoken: {secret}"}]
            },
        },
        "Config": {
            "Hostname": "web",
            "Env": [f"DB_PASSWORD={secret}", f"WHATEVER={secret}", "TZ=UTC"],
            "Cmd": ["run", "--token", secret, "-p", secret],
            "Entrypoint": ["/e", f"--api-key={secret}"],
            "Labels": {"app.password": secret, "tier": "web", "note": f"see {secret}"},
            "Healthcheck": {"Test": ["CMD", "curl", "-u", f"me:{secret}", "http://x/"]},
        },
        "HostConfig": {
            "LogConfig": {
                "Type": "splunk",
                "Config": {"splunk-token": secret, "max-size": "10m", "other": secret},
            },
            "Mounts": [
                {"VolumeOptions": {"DriverConfig": {"Options": {"o": f"username=a,password={secret}"}}}}
            ],
        },
        "NetworkSettings": {"SandboxKey": "/run/netns/x", "Ports": {"80/tcp": None}},
    }


PLANTED = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S")), min_size=8, max_size=40)


def tame(secret: str) -> bool:
    """Not a text that stands in the document or the mask anyway, and no quote a parser would end it at."""
    rest = json.dumps(mask_document(inspect_document("")))
    return (
        secret not in rest
        and not set(secret) & set("\"'<>\\@/")
        and not secret.startswith(("-", "=", "SHA256:"))
    )


@given(PLANTED)
def test_a_planted_secret_never_survives(secret: str) -> None:
    assume(tame(secret))
    assert secret not in json.dumps(mask_document(inspect_document(secret)))
    assert secret not in mask_text(f"the password={secret} and http://u:{secret}@h/ and --token {secret} end")
    assert secret not in mask_command(f"x --password {secret} -p {secret} --secret={secret}")
    assert secret not in " ".join(mask_argv(["x", "--password", secret, f"--token={secret}", "-p", secret]))
    assert secret not in " ".join(mask_env([f"ANY={secret}", f"MY_TOKEN={secret}"]))
    assert secret not in " ".join(mask_labels({"a.password": secret, "u": f"s://x:{secret}@h"}).values())


@given(st.text(min_size=8).filter(lambda s: sanitise(s) not in ("", "MY_TOKEN=***")))
def test_no_environment_value_survives_whatever_its_characters(secret: str) -> None:
    assert mask_env([f"MY_TOKEN={secret}"]) == ("MY_TOKEN=***",)
    assert mask_argv(["--password", "x" + secret])[1] == "***"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Env", "Cmd", "Labels", "Config", "LogConfig", "x"]), inner)
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_document_is_copied_safely(document: object) -> None:
    for reveal in (False, True):
        copy = mask_document(document, reveal=reveal)
        assert copy == json.loads(json.dumps(copy))
        assert type(copy) is type(document)


def test_a_document_keeps_what_is_not_secret() -> None:
    masked = mask_document(inspect_document("correct-horse"))
    assert isinstance(masked, dict)
    assert masked["Config"]["Hostname"] == "web"
    assert masked["Config"]["Env"][2] == "TZ=UTC"
    assert masked["Config"]["Labels"]["tier"] == "web"
    assert masked["State"]["Pid"] == 1
    assert masked["HostConfig"]["LogConfig"]["Config"]["max-size"] == "10m"
    assert masked["NetworkSettings"]["SandboxKey"] == "/run/netns/x"


def test_revealed_is_sanitised_only() -> None:
    revealed = mask_document({"Config": {"Env": ["A_TOKEN=x\x1b[31my"]}}, reveal=True)
    assert revealed == {"Config": {"Env": ["A_TOKEN=xy"]}}


def test_a_deep_document_is_cut_off() -> None:
    deep: object = "bottom"
    for _ in range(5000):
        deep = [deep]
    assert "nested too deeply" in json.dumps(mask_document(deep))


@pytest.mark.parametrize(
    "text", ["a" * 4096, "a=" * 2048, "://a:" * 800, "-p " * 1300, "\\" * 4000 + '"', "password='" * 400]
)
def test_no_text_takes_long(text: str) -> None:
    started = time.perf_counter()
    mask_text(text)
    mask_command(text)
    assert time.perf_counter() - started < 2  # milliseconds when it is linear, minutes when it is not


def test_the_mask_is_safe_text() -> None:
    assert sanitise(secrets.HIDDEN) == secrets.HIDDEN
