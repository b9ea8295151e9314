"""What a host allows, asked in one place by screen and command line alike, and again where it is done."""

from __future__ import annotations

from console.errors import GuardRefused
from console.model.actions import Consent, Target
from console.model.hosts import Guard, HostSpec


def forbid(spec: HostSpec, *, read_only: bool) -> None:
    """Raise GuardRefused where nothing may be changed on this host at all: no dialog is worth opening."""
    if read_only:
        raise GuardRefused("this console is read-only", next_step="start it without --read-only")
    if spec.guard is Guard.OBSERVE:
        raise GuardRefused(
            f"{spec.name} may only be observed",
            next_step=f"`guard: observe` of {spec.name} in hosts.yml says so",
        )


def check(spec: HostSpec, target: Target, consent: Consent, *, read_only: bool) -> None:
    """Raise GuardRefused unless `consent` is what this host asks for."""
    forbid(spec, read_only=read_only)
    if spec.guard is Guard.TYPED and target.typed not in consent.typed:
        whose = "the container's name" if target.typed == target.name else "its own name"
        raise GuardRefused(
            f"{target.ref}: this host wants {whose} typed", next_step=f"--confirm {target.typed}"
        )
    if spec.guard is Guard.CONFIRM and not consent.yes:
        raise GuardRefused(f"{target.ref}: not confirmed", next_step="--yes says that you mean it")
