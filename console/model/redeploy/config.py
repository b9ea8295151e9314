"""What of a container's configuration is its own, and what it only has from its image.

An inspect shows both merged. Asked for again as a whole, a new image's own defaults (its PATH, its command,
its health check) would be overruled for ever by those of the old one. So what equals the old image's is left
out and comes from the new one.
"""

from __future__ import annotations

from typing import Any

from console.model.redeploy.course import LABELS
from console.model.redeploy.documents import Document, mapping, text, texts

_PLAIN = ("User", "WorkingDir", "StopSignal", "StopTimeout", "Shell")
"""Whole fields that an image may set."""

_DROPPED = ("Image", "OnBuild", "ArgsEscaped")
"""Set anew, or of no meaning in a request."""

_MAPPINGS = ("Labels", "ExposedPorts", "Volumes")
"""Objects whose entries count one by one."""


def own_config(container: Document, image: Document | None) -> dict[str, Any]:
    """`Config` of an inspect without what `image` (an inspect of the image it was made of) gave it.

    With no image at all, since somebody removed it, everything is kept.
    """
    config = mapping(container.get("Config"))
    defaults = mapping(image.get("Config")) if image else {}
    own = {key: value for key, value in config.items() if key not in _DROPPED}
    for key in _PLAIN:
        if key in own and own[key] == defaults.get(key):
            del own[key]
    for key in _MAPPINGS:
        given = mapping(defaults.get(key))
        own[key] = {k: v for k, v in mapping(config.get(key)).items() if k not in given or given[k] != v}
    own["Labels"] = {key: value for key, value in own["Labels"].items() if key not in LABELS}
    given_env = set(texts(defaults.get("Env")))
    own["Env"] = [entry for entry in texts(config.get("Env")) if entry not in given_env]
    _command(own, config, defaults)
    _health_check(own, config, defaults)
    _host_name(own, container)
    return own


def _command(own: dict[str, Any], config: Document, defaults: Document) -> None:
    """An entrypoint of its own hides the image's command, too; so the two go together."""
    entrypoint, given = texts(config.get("Entrypoint")), texts(defaults.get("Entrypoint"))
    own.pop("Entrypoint", None)
    own.pop("Cmd", None)
    if entrypoint != given:
        # `--entrypoint ""`: an empty list would be filled from the image again.
        own["Entrypoint"] = entrypoint or [""]
        own["Cmd"] = texts(config.get("Cmd"))
    elif texts(config.get("Cmd")) != texts(defaults.get("Cmd")):
        own["Cmd"] = texts(config.get("Cmd"))


def _health_check(own: dict[str, Any], config: Document, defaults: Document) -> None:
    """Each of its fields is filled from the image where it is not set."""
    check, given = mapping(config.get("Healthcheck")), mapping(defaults.get("Healthcheck"))
    own.pop("Healthcheck", None)
    changed = {key: value for key, value in check.items() if value != given.get(key)}
    if changed:
        own["Healthcheck"] = changed


def _host_name(own: dict[str, Any], container: Document) -> None:
    """A host name that the engine made of the old id, or that is not the container's at all, is left out.

    In the host's network it may have one of its own (`docker run --network host -h shop`).
    """
    host_config = mapping(container.get("HostConfig"))
    shared = (
        text(host_config.get("NetworkMode")).startswith("container:") or host_config.get("UTSMode") == "host"
    )
    if shared or own.get("Hostname") == text(container.get("Id"))[:12]:
        own.pop("Hostname", None)
    if shared:
        own.pop("Domainname", None)
