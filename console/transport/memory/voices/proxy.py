"""What ambassadors write: HAProxy's notices, without a time of their own."""

from __future__ import annotations

from random import Random

from console.transport.memory.voices.author import Clockface


def well(face: Clockface, chance: Random, at: float) -> str:
    """Its endpoint is restarted now and then."""
    spent = chance.randint(0, 2)
    return chance.choice(
        (
            f"[WARNING]  (8) : Server to_3100/loki.app-2 is UP, reason: Layer4 check passed, check duration: "
            f"{spent}ms. 1 active and 0 backup servers online. 0 sessions requeued, 0 total in queue.",
            f"[WARNING]  (8) : Server to_3100/loki.app-2 is DOWN, reason: Layer4 connection problem, info: "
            f'"Connection refused", check duration: {spent}ms. 0 active and 0 backup servers left.',
        )
    )


def at_a_loss(face: Clockface, chance: Random, at: float) -> str:
    """Nobody is where its endpoint was."""
    return chance.choice(
        (
            "[ALERT]    (8) : backend 'to_5672' has no server available!",
            "[WARNING]  (8) : Server to_5672/rabbit.app-2 is DOWN, reason: Layer4 connection problem, info: "
            f'"Connection refused", check duration: {chance.randint(0, 2)}ms. 0 active servers left.',
        )
    )
