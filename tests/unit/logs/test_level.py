"""Levels: lines as real programs write them, and lines that must not be coloured."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.logs.level import LETTERS, WORDS, Level, level_named, level_of

T, D, I, W, E, F = Level  # noqa: E741 - as short as a table needs

LINES: list[tuple[Level | None, str]] = [
    # Python: basicConfig, the usual formats, uvicorn, gunicorn, celery, loguru, tornado, jupyter, Django
    (E, "ERROR:root:cannot open the file"),
    (W, "WARNING:urllib3.connectionpool:Retrying (Retry(total=2))"),
    (E, "2024-05-06 07:08:09,123 ERROR shop.db connection refused"),
    (E, "2024-05-06 07:08:09,123 - shop.db - ERROR - connection refused"),
    (W, "2024-05-06 07:08:09,123 [MainThread] [WARNING] shop: slow"),
    (I, 'INFO:     127.0.0.1:51234 - "GET / HTTP/1.1" 200 OK'),
    (I, "[2024-05-06 07:08:09 +0000] [1] [INFO] Starting gunicorn 21.2.0"),
    (F, "[2024-05-06 07:08:09 +0000] [7] [CRITICAL] WORKER TIMEOUT (pid:12)"),
    (E, "[2024-05-06 07:08:09,123: ERROR/ForkPoolWorker-1] Task shop.mail raised"),
    (E, "2024-05-06 07:08:09.123 | ERROR    | shop.db:connect:31 - refused"),
    (W, "[W 2024-05-06 07:08:09.123 ServerApp] 404 GET /x"),
    (I, "[I 07:08:09.123 NotebookApp] Serving notebooks"),
    (W, "[W 240506 07:08:09 web:2239] 404 GET /favicon.ico"),
    (E, "Traceback (most recent call last):"),
    (E, "ValueError: invalid literal for int() with base 10: 'x'"),
    (E, "psycopg2.errors.OperationalError: could not connect to server"),
    # Java: log4j, logback, Spring Boot, java.util.logging, Kafka, Elasticsearch, ZooKeeper, Cassandra
    (E, "2024-05-06 07:08:09,123 ERROR [main] com.shop.App - refused"),
    (E, "07:08:09.123 [main] ERROR c.shop.App - refused"),
    (I, "2024-05-06 07:08:09.123  INFO 1 --- [           main] c.s.App : Started"),
    (W, "2024-05-06T07:08:09.123Z  WARN 1 --- [nio-8080-exec-1] o.s.w.s : slow"),
    (F, "FATAL: cannot start"),
    (E, "SEVERE: Servlet.service() threw an exception"),
    (I, "[2024-05-06 07:08:09,123] INFO [KafkaServer id=0] started (kafka.server.KafkaServer)"),
    (W, "[2024-05-06T07:08:09,123][WARN ][o.e.c.r.a.DiskThresholdMonitor] [node-1] high disk watermark"),
    (E, "2024-05-06 07:08:09,123 [myid:1] - ERROR [main:QuorumPeerMain@89] - Unexpected"),
    (W, "WARN  [main] 2024-05-06 07:08:09,123 NativeLibrary.java:187 - Unable to lock JVM memory"),
    (E, 'Exception in thread "main" java.lang.NullPointerException'),
    (E, "java.lang.IllegalStateException: not started"),
    (E, "Caused by: java.net.ConnectException: Connection refused"),
    # Go: logrus, zap, zerolog, slog, klog, panics, Traefik, Consul, CoreDNS, Grafana, etcd, Caddy
    (W, 'time="2024-05-06T07:08:09Z" level=warning msg="no such image"'),
    (E, 'level=error ts=2024-05-06T07:08:09Z caller=main.go:12 msg="level=info is in here"'),
    (I, 'logger=settings t=2024-05-06T07:08:09Z level=info msg="Config loaded"'),
    (E, "ERRO[0012] cannot connect                      host=db"),
    (F, "FATA[0000] no such file"),
    (D, "DEBU[0001] looking"),
    (E, '2024-05-06T07:08:09.123Z\terror\tserver/main.go:12\trefused\t{"host": "db"}'),
    (I, "2024/05/06 07:08:09.123\tINFO\tusing provided configuration\t{}"),
    (E, '7:08AM ERR cannot connect error="refused" host=db'),
    (I, "2024-05-06T07:08:09Z INF Starting provider *file.Provider"),
    (W, "2024/05/06 07:08:09 WARN slow query took=2s"),
    (E, "E0506 07:08:09.123456       1 reflector.go:138] failed to list"),
    (I, "I0506 07:08:09.123456       1 main.go:31] started"),
    (F, "panic: runtime error: invalid memory address or nil pointer dereference"),
    (F, "fatal error: all goroutines are asleep - deadlock!"),
    (E, '2024-05-06T07:08:09.123Z [ERROR] agent: failed to sync: error="refused"'),
    (W, "2024-05-06T07:08:09.123Z [WARN]  core: token expired"),
    (E, "[ERROR] plugin/errors: 2 shop.example. A: read udp: i/o timeout"),
    (I, "2024-05-06 07:08:09.123456 I | etcdmain: etcd Version: 3.3.27"),
    # Databases and brokers: postgres, mysql, mariadb, redis, mongo, rabbitmq
    (I, "2024-05-06 07:08:09.123 UTC [1] LOG:  database system is ready to accept connections"),
    (E, '2024-05-06 07:08:09.123 UTC [62] ERROR:  relation "carts" does not exist at character 15'),
    (F, '2024-05-06 07:08:09.123 CEST [62] FATAL:  password authentication failed for user "shop"'),
    (F, "2024-05-06 07:08:09.123 UTC [62] PANIC:  could not write to file"),
    (W, "2024-05-06 07:08:09.123 GMT [62] shop@shop WARNING:  there is no transaction in progress"),
    (None, "2024-05-06 07:08:09.123 UTC [62] STATEMENT:  SELECT * FROM carts WHERE error = 1"),
    (E, "2024-05-06T07:08:09.123456Z 0 [ERROR] [MY-010119] [Server] Aborting"),
    (I, "2024-05-06T07:08:09.123456Z 0 [System] [MY-010931] [Server] ready for connections"),
    (W, "2024-05-06  7:08:09 0 [Warning] 'user' entry ignored in --skip-name-resolve mode."),
    (I, "2024-05-06  7:08:09 0 [Note] mariadbd: ready for connections."),
    (W, "1:M 06 May 2024 07:08:09.123 # WARNING overcommit_memory is set to 0!"),
    (I, "1:M 06 May 2024 07:08:09.123 * Ready to accept connections"),
    (D, "1:M 06 May 2024 07:08:09.123 - Accepted 10.0.0.7:51234"),
    (
        E,
        '{"t":{"$date":"2024-05-06T07:08:09.123+00:00"},"s":"E",  "c":"STORAGE","msg":"DBException"}',
    ),
    (I, "2024-05-06T07:08:09.123+0000 I  NETWORK  [conn1] end connection 10.0.0.7:51234"),
    (E, "2024-05-06 07:08:09.123456+00:00 [error] <0.712.0> closing AMQP connection"),
    (I, "2024-05-06 07:08:09.123 [info] <0.44.0> Application rabbit started"),
    # Servers: nginx, Apache, HAProxy, Envoy, PHP, Squid
    (E, "2024/05/06 07:08:09 [error] 31#31: *1 connect() failed (111: Connection refused) while connecting"),
    (I, "2024/05/06 07:08:09 [notice] 1#1: start worker processes"),
    (F, '2024/05/06 07:08:09 [emerg] 1#1: host not found in upstream "db"'),
    (E, "[Mon May 06 07:08:09.123456 2024] [core:error] [pid 7:tid 8] (13)Permission denied: AH00132"),
    (I, "[Mon May 06 07:08:09.123456 2024] [mpm_event:notice] [pid 1:tid 1] AH00489: configured"),
    (F, "[ALERT]    (1) : config : parsing [/usr/local/etc/haproxy/haproxy.cfg:12] : unknown keyword"),
    (W, "[WARNING] 126/070809 (1) : Server be/web1 is DOWN"),
    (W, "[2024-05-06 07:08:09.123][1][warning][main] [source/server/server.cc:761] slow"),
    (F, "PHP Fatal error:  Uncaught Error: Call to undefined function"),
    (W, "PHP Warning:  Undefined variable $x in /var/www/index.php on line 3"),
    (I, "[06-May-2024 07:08:09] NOTICE: fpm is running, pid 1"),
    (W, "2024/05/06 07:08:09| WARNING: no_suid: setuid(0): (1) Operation not permitted"),
    # Others: Ruby, Rust, .NET, Node, Elixir, Monolog, syslog, supervisord, fail2ban, shells
    (E, "E, [2024-05-06T07:08:09.123456 #1] ERROR -- : refused"),
    (E, "[2024-05-06T07:08:09Z ERROR shop::db] refused"),
    (W, "2024-05-06T07:08:09.123456Z  WARN shop::db: slow"),
    (I, "info: Microsoft.Hosting.Lifetime[14]"),
    (E, "fail: Microsoft.EntityFrameworkCore.Database.Command[20102]"),
    (F, "crit: Microsoft.AspNetCore.Server.Kestrel[0]"),
    (E, "[07:08:09 ERR] An unhandled exception has occurred"),
    (W, "[07:08:09 WRN] slow"),
    (E, "2024-05-06 07:08:09.1234|ERROR|Shop.Db|refused"),
    (E, "npm ERR! code ENOENT"),
    (E, "Error: Cannot find module 'express'"),
    (E, "TypeError: Cannot read properties of undefined (reading 'x')"),
    (E, "07:08:09.123 [error] GenServer Shop.Db terminating"),
    (E, "[2024-05-06T07:08:09.123456+00:00] app.ERROR: refused [] []"),
    (E, "<3>refused"),
    (D, "<191>May  6 07:08:09 host app: quiet"),
    (E, "May  6 07:08:09 host sshd[12]: error: kex_exchange_identification: closed"),
    (F, "2024-05-06 07:08:09,123 CRIT Supervisor is running as root."),
    (I, "2024-05-06 07:08:09,123 fail2ban.filter [7]: INFO [sshd] Found 10.0.0.9"),
    (W, "warning: unable to find the default locale"),
    (E, "\x1b[31merror\x1b[0m: refused"),
    (E, "\x1b[31m[ERROR]\x1b[0m refused"),
    (I, "\x1b[90m7:08AM\x1b[0m \x1b[32mINF\x1b[0m started"),
    # JSON
    (E, '{"level":"error","ts":1714979289.12,"msg":"refused"}'),
    (E, '{"level":50,"time":1714979289123,"pid":1,"msg":"refused"}'),
    (W, '{"time":"2024-05-06T07:08:09Z","severity":"WARNING","message":"slow"}'),
    (F, '{"@timestamp":"2024-05-06T07:08:09Z","log.level":"FATAL","message":"dead"}'),
    (E, '{"@t":"2024-05-06T07:08:09Z","@mt":"refused","@l":"Error"}'),
    (I, '{"message":"the \\"level\\":\\"error\\" is in the text","levelname":"INFO"}'),
    # A wrong red is worse than none
    (None, ""),
    (None, "hello"),
    (None, "0 errors"),
    (None, "3 ERROR lines were found"),
    (None, "error_count=0"),
    (None, "errors=0 warnings=0"),
    (None, "error=0 warn=2"),
    (None, "Errors: 0, Warnings: 0"),
    (None, "error: 0, warning: 0"),
    (None, "error: none"),
    (None, "no error"),
    (None, "The error was mended"),
    (None, "Error handling is on"),
    (None, "warn the user"),
    (None, "information about the fatal flaw"),
    (None, "ErrorHandler registered"),
    (None, "ERROR_LOG is /dev/stderr"),
    (None, "ERROR=3"),
    (None, "GET /error 200"),
    (None, '10.0.0.7 - - [06/May/2024:07:08:09 +0000] "GET /error HTTP/1.1" 200 12 "-" "curl/8.5"'),
    (None, '10.0.0.7 - - [06/May/2024:07:08:09 +0000] "GET /?level=error HTTP/1.1" 200 12'),
    (None, "2024-05-06 07:08:09 finished with 0 errors"),
    (None, "2024-05-06 07:08:09 the error page was served"),
    (None, "2024/05/06 07:08:09 GET /fatal 200"),
    (None, "see https://example.com/error: it is there"),
    (None, "fatal: 0"),
    (None, "    at com.shop.Error.main(Error.java:3)"),
    (None, "PANICKED? no"),
    (None, '{"msg":"an error","code":0}'),
    (None, '{"error":null,"level":null}'),
    (I, '{"level":"info","error":"none"}'),
    (I, "2024-05-06 07:08:09 INFO 0 errors, ERROR count 0"),
    (I, "2024-05-06 07:08:09,123 - root - INFO - the last ERROR - was mended"),
    (None, "<999>no priority"),
]


@pytest.mark.parametrize(("level", "line"), LINES, ids=[line[:60] for _, line in LINES])
def test_a_line(level: Level | None, line: str) -> None:
    assert level_of(line.encode()) is level


@pytest.mark.parametrize(("level", "line"), [(a, b) for a, b in LINES if b and b[0] not in "{<"])
def test_leading_blanks_and_colours_do_not_matter(level: Level | None, line: str) -> None:
    assert level_of(f" \x1b[1;31m{line}\x1b[0m".encode()) is level


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("Warning", W),
        ("ERR", E),
        ("notice", I),
        ("30", I),
        ("60", F),
        ("35", None),
        ("E", E),
        ("e", None),
        ("", None),
    ],
)
def test_a_word(word: str, level: Level | None) -> None:
    assert level_named(word) is level


def test_every_word_is_known_in_brackets_and_before_a_colon() -> None:
    for word, level in WORDS.items():
        assert level_of(f"[{word}] x".encode()) is level
        assert level_of(f"[{word.upper()}] x".encode()) is level
        assert level_of(f"{word.upper()}: x".encode()) is level
    assert set(WORDS.values()) == set(LETTERS.values()) == set(Level)
    assert [level.rank for level in Level] == list(range(6))


PIECES = st.sampled_from(
    [
        "[",
        "]",
        "(",
        ":",
        " ",
        "-",
        "|",
        "\t",
        ".",
        "2024-01-02",
        "error",
        "ERROR",
        "x",
        "9",
        "=",
        '"',
        "\x1b[",
    ]
)


@given(st.lists(PIECES, max_size=120).map("".join) | st.text(max_size=300))
def test_any_line_takes_no_time(line: str) -> None:
    began = time.perf_counter()
    level_of(line.encode("utf-8", "replace"))
    assert time.perf_counter() - began < 0.05
