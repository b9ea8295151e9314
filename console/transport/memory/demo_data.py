"""The containers of the demo fleet, as a table: a small shop, its database, and what runs beside them."""

from __future__ import annotations

from dataclasses import dataclass

from console.model.containers import Port

MB = 1 << 20
HOUR = 3600.0
DAY = 24 * HOUR
REGISTRY = "registry.shop.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stanza:
    """One container; ages are seconds before the demo begins."""

    name: str
    image: str
    age: float = 3 * DAY
    project: str = "shop"
    command: str = ""
    env: tuple[str, ...] = ()
    ports: tuple[Port, ...] = ()
    cpu: float = 0.01
    memory: int = 40
    """MiB."""
    limit: int = 0
    """MiB; 0: none."""
    volumes: tuple[str, ...] = ()
    """`volume:/path` or `/path:/path`, with `:ro` where it is read-only."""
    extra_hosts: tuple[str, ...] = ()
    policy: str = "unless-stopped"
    health: str = ""
    exited: int | None = None
    """Exit code of a container that does not run."""
    ended: float = 0.0
    """How long ago it ended."""
    oom: bool = False
    tty: bool = False
    driver: str = "json-file"
    """Where its log goes."""


def tcp(private: int, public: int = 0, ip: str = "0.0.0.0") -> Port:
    """A TCP port, published where `public` is given."""
    return Port(private, public, ip if public else "")


DATABASE = "postgres://shop:kM9-vq2Tz@db:5432/shop"
BROKER = "amqp://shop:pa55-rabbit@10.0.0.12:5672/shop"

APP_1 = (
    Stanza(
        name="web",
        image=f"{REGISTRY}/shop-web:4.18.2",
        command="gunicorn shop.wsgi -w 4 -b 0.0.0.0:8080",
        env=(
            f"DATABASE_URL={DATABASE}",
            "REDIS_URL=redis://redis:6379/0",
            "SECRET_KEY=b2d0c7a96f4e",
            "LOG_LEVEL=info",
            "PORT=8080",
        ),
        ports=(tcp(8080, 8080),),
        cpu=0.21,
        memory=212,
        limit=512,
        # The address the database had before it moved: the link that is broken in the demo.
        extra_hosts=("db:10.0.0.29",),
        health="curl -fsS http://127.0.0.1:8080/healthz",
    ),
    Stanza(
        name="worker",
        image=f"{REGISTRY}/shop-worker:4.18.2",
        command="celery -A shop worker -c 4",
        env=(
            f"DATABASE_URL={DATABASE}",
            f"BROKER_URL={BROKER}",
            "SENTRY_DSN=https://9f3c@sentry.shop.example/4",
        ),
        cpu=0.41,
        memory=1126,
        limit=2048,
        extra_hosts=("db:10.0.0.21",),
    ),
    Stanza(
        name="nginx",
        image="nginx:1.27-alpine",
        command="nginx -g 'daemon off;'",
        ports=(tcp(80, 80), tcp(443, 443)),
        cpu=0.04,
        memory=18,
        volumes=("/etc/nginx/conf.d:/etc/nginx/conf.d:ro", "certs:/etc/letsencrypt"),
        health="wget -qO- http://127.0.0.1/healthz",
        age=12 * DAY,
    ),
    Stanza(
        name="redis",
        image="redis:7.4-alpine",
        command="redis-server --appendonly yes --requirepass r3d1s-pw",
        ports=(tcp(6379),),
        cpu=0.03,
        memory=96,
        limit=256,
        volumes=("redis-data:/data",),
        health="redis-cli ping",
        age=12 * DAY,
    ),
    Stanza(
        name="search",
        tty=True,
        image="getmeili/meilisearch:v1.11",
        env=("MEILI_MASTER_KEY=wU6s0rL3j7", "MEILI_ENV=production"),
        ports=(tcp(7700, 7700, "127.0.0.1"),),
        cpu=0.08,
        memory=402,
        volumes=("search-data:/meili_data",),
        health="curl -f http://127.0.0.1:7700/health",
        age=9 * DAY,
    ),
    Stanza(
        name="report",
        image=f"{REGISTRY}/shop-report:1.9.0",
        command="python -m report.nightly --month",
        env=(f"DATABASE_URL={DATABASE}",),
        limit=256,
        policy="no",
        exited=137,
        ended=14 * 60,
        oom=True,
        age=22 * 60,
    ),
    Stanza(
        name="migrate",
        image=f"{REGISTRY}/shop-web:4.18.2",
        command="manage.py migrate",
        policy="no",
        exited=0,
        ended=3 * DAY,
    ),
    Stanza(
        name="cadvisor",
        driver="none",
        image="gcr.io/cadvisor/cadvisor:v0.49.1",
        project="monitoring",
        ports=(tcp(8080, 9180, "10.0.0.11"),),
        cpu=0.05,
        memory=58,
        age=31 * DAY,
        volumes=("/:/rootfs:ro", "/sys:/sys:ro"),
    ),
    Stanza(
        name="node-exporter",
        image="prom/node-exporter:v1.8.2",
        project="monitoring",
        ports=(tcp(9100, 9100, "10.0.0.11"),),
        cpu=0.004,
        memory=17,
        age=31 * DAY,
    ),
    Stanza(
        name="promtail",
        image="grafana/promtail:3.2.1",
        project="monitoring",
        cpu=0.012,
        memory=64,
        age=31 * DAY,
        volumes=("/var/lib/docker/containers:/var/lib/docker/containers:ro",),
    ),
)

APP_2 = (
    Stanza(
        name="web",
        image=f"{REGISTRY}/shop-web:4.18.2",
        command="gunicorn shop.wsgi -w 4 -b 0.0.0.0:8080",
        env=(f"DATABASE_URL={DATABASE}", "SECRET_KEY=b2d0c7a96f4e", "LOG_LEVEL=info", "PORT=8080"),
        ports=(tcp(8080, 8080),),
        cpu=0.17,
        memory=208,
        limit=512,
        extra_hosts=("db:10.0.0.21",),
        health="curl -fsS http://127.0.0.1:8080/healthz",
    ),
    Stanza(
        name="worker",
        image=f"{REGISTRY}/shop-worker:4.18.2",
        command="celery -A shop worker -c 4",
        env=(f"DATABASE_URL={DATABASE}", f"BROKER_URL={BROKER}"),
        cpu=0.33,
        memory=988,
        limit=2048,
        extra_hosts=("db:10.0.0.21",),
    ),
    Stanza(
        name="nginx",
        image="nginx:1.27-alpine",
        command="nginx -g 'daemon off;'",
        ports=(tcp(80, 80), tcp(443, 443)),
        cpu=0.03,
        memory=17,
        health="wget -qO- http://127.0.0.1/healthz",
        age=12 * DAY,
    ),
    Stanza(
        name="rabbit",
        image="rabbitmq:3.13-management",
        env=(
            "RABBITMQ_DEFAULT_USER=shop",
            "RABBITMQ_DEFAULT_PASS=pa55-rabbit",
            "RABBITMQ_ERLANG_COOKIE=QWEJKLFDS",
        ),
        ports=(tcp(5672, 5672), tcp(15672, 15672, "127.0.0.1")),
        cpu=0.02,
        memory=340,
        limit=1024,
        volumes=("rabbit-data:/var/lib/rabbitmq",),
        health="rabbitmq-diagnostics -q check_local_alarms",
        age=9 * HOUR,
    ),
    Stanza(
        name="mailer",
        image=f"{REGISTRY}/shop-mailer:2.3.0",
        command="python -m mailer",
        env=("SMTP_HOST=smtp.shop.example", "SMTP_PASSWORD=hunter-22", f"BROKER_URL={BROKER}"),
        cpu=0.06,
        memory=71,
        age=40 * 60,
    ),
    Stanza(
        name="cron",
        image=f"{REGISTRY}/shop-cron:4.17.0",
        command="supercronic /etc/crontab",
        policy="on-failure:3",
        exited=1,
        ended=2 * HOUR,
        age=3 * DAY,
    ),
    Stanza(
        name="cleanup",
        image="alpine:3.20",
        command="/bin/sh /scripts/cleanup.sh",
        policy="no",
        exited=0,
        ended=50,
        age=9 * DAY,
    ),
    Stanza(
        name="registry",
        image="registry:2.8",
        project="infra",
        ports=(tcp(5000, 5000, "10.0.0.12"),),
        cpu=0.008,
        memory=33,
        volumes=("registry:/var/lib/registry",),
        age=60 * DAY,
    ),
    Stanza(
        name="grafana",
        image="grafana/grafana:11.3.0",
        project="monitoring",
        env=("GF_SECURITY_ADMIN_PASSWORD=gr4f-4dmin",),
        ports=(tcp(3000, 3000),),
        cpu=0.03,
        memory=131,
        volumes=("grafana:/var/lib/grafana",),
        health="wget -qO- http://127.0.0.1:3000/api/health",
        age=31 * DAY,
    ),
    Stanza(
        name="loki",
        image="grafana/loki:3.2.1",
        project="monitoring",
        ports=(tcp(3100, 3100, "10.0.0.12"),),
        cpu=0.07,
        memory=287,
        limit=1024,
        volumes=("loki:/loki",),
        age=31 * DAY,
    ),
    Stanza(
        name="prometheus",
        image="prom/prometheus:v2.55.0",
        project="monitoring",
        ports=(tcp(9090, 9090, "127.0.0.1"),),
        cpu=0.11,
        memory=624,
        volumes=("prometheus:/prometheus",),
        age=31 * DAY,
    ),
    Stanza(
        name="node-exporter",
        image="prom/node-exporter:v1.8.2",
        project="monitoring",
        ports=(tcp(9100, 9100, "10.0.0.12"),),
        cpu=0.004,
        memory=16,
        age=31 * DAY,
    ),
)

DB_1 = (
    Stanza(
        name="postgres",
        image="postgres:16.4",
        project="db",
        command="postgres -c max_connections=300 -c shared_buffers=2GB",
        env=("POSTGRES_USER=shop", "POSTGRES_PASSWORD=kM9-vq2Tz", "POSTGRES_DB=shop"),
        ports=(tcp(5432, 5432, "10.0.0.21"),),
        cpu=0.62,
        memory=2870,
        limit=4096,
        volumes=("pgdata:/var/lib/postgresql/data", "/etc/postgres/hba.conf:/etc/postgresql/pg_hba.conf:ro"),
        health="pg_isready -U shop",
        age=26 * DAY,
    ),
    Stanza(
        name="pgbouncer",
        image="edoburu/pgbouncer:v1.23.1",
        project="db",
        env=("DB_PASSWORD=kM9-vq2Tz", "POOL_MODE=transaction"),
        ports=(tcp(5432, 6432, "10.0.0.21"),),
        cpu=0.05,
        memory=12,
        health="pg_isready -h 127.0.0.1",
        age=26 * DAY,
    ),
    Stanza(
        name="postgres-exporter",
        image="quay.io/prometheuscommunity/postgres-exporter:v0.15.0",
        project="monitoring",
        env=("DATA_SOURCE_NAME=postgresql://exporter:exp0rt@postgres:5432/shop?sslmode=disable",),
        ports=(tcp(9187, 9187, "10.0.0.21"),),
        cpu=0.01,
        memory=21,
        age=26 * DAY,
    ),
    Stanza(
        name="backup",
        image="prodrigestivill/postgres-backup-local:16",
        project="db",
        command="/backup.sh",
        env=("PGPASSWORD=kM9-vq2Tz", "S3_SECRET_ACCESS_KEY=wJalrXUtnFEMI"),
        policy="no",
        exited=0,
        ended=5 * HOUR,
        age=26 * DAY,
        volumes=("/srv/backup:/backups",),
    ),
    Stanza(
        name="pgadmin",
        image="dpage/pgadmin4:8.12",
        project="db",
        env=("PGADMIN_DEFAULT_PASSWORD=adm1n-pg",),
        ports=(tcp(80, 5050, "127.0.0.1"),),
        policy="unless-stopped",
        exited=143,
        ended=2 * DAY,
        age=20 * DAY,
    ),
    Stanza(
        name="node-exporter",
        image="prom/node-exporter:v1.8.2",
        project="monitoring",
        ports=(tcp(9100, 9100, "10.0.0.21"),),
        cpu=0.004,
        memory=16,
        age=26 * DAY,
    ),
)

LAST_WORDS = """\
{} ERROR the broker still blocks this connection: giving up
Traceback (most recent call last):
  File "/app/mailer/__main__.py", line 27, in <module>
    sys.exit(run(settings))
             ^^^^^^^^^^^^^
  File "/app/mailer/queue.py", line 64, in publish
    raise BrokerBlocked(reason)
mailer.queue.BrokerBlocked: rabbit@app-2 blocks publishers: low on memory
"""
"""What the mailer says before it ends."""
