"""What a client that is let in is told: what both can do, and how it stands with the journal.  Pure."""

from __future__ import annotations

from syncagent.hub.events import Admitted, Note
from syncagent.hub.rules import Rules
from syncagent.hub.stretch import iso
from syncagent.protocol.connection import ALL_CAPABILITIES, LEVEL_2, Capability, ConnectionRequest, ConnectionResponse


def agreed(request: ConnectionRequest) -> frozenset[str]:
    """The capabilities of both; none with a client of level 1, or one that keeps no journal."""
    both = frozenset(word for word in ALL_CAPABILITIES if word in request.capabilities)
    return both if request.protocol_version >= LEVEL_2 and Capability.JOURNAL in both else frozenset()


def welcome(request: ConnectionRequest, event: Admitted, rules: Rules, wall_ns: int) -> ConnectionResponse:
    """The answer to the first message of a client that is let in."""
    said = {"success": True, "message": "Connected successfully", "server_time": iso(wall_ns)}
    both = agreed(request)
    if both:
        said |= {
            "protocol_version": LEVEL_2, "capabilities": tuple(word for word in ALL_CAPABILITIES if word in both),
            "hub_id": event.hub_id, "epoch": event.folder.epoch, "head": event.folder.head, "run": event.run,
            "diverged": event.diverged, "heartbeat_interval": rules.heartbeat, "limits": rules.limits,
            "role": event.role.value,
        }  # fmt: skip
    return ConnectionResponse.model_validate(said)


def notes(request: ConnectionRequest, event: Admitted) -> list[Note]:
    """What the audit log has of it."""
    both, folder = agreed(request), event.folder.name
    came = Note("connected", {"client": request.client_id, "folder": folder, "level": 2 if both else 1})
    if both and event.diverged:
        return [came, Note("diverged", {"client": request.client_id, "folder": folder})]
    return [came]
