"""How things stand, as whoever asks for the status is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from syncagent.agent.board import Board
from syncagent.agent.config.document import said_name
from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.guest.manners import Manners
from syncagent.agent.outbox import Paces
from syncagent.agent.pausing import Pausing
from syncagent.agent.priority import HERE
from syncagent.agent.reach import proxy_in_words
from syncagent.control import Answer
from syncagent.engine.lines import Around, Line, in_sync, lines


class Agent(Protocol):
    """Whose status it is."""

    @property
    def board(self) -> Board: ...

    @property
    def config(self) -> AgentConfig: ...

    @property
    def last_contact(self) -> float | None: ...

    @property
    def overflows(self) -> int:
        """How often changes came faster than they could be seen one by one."""

    @property
    def config_trouble(self) -> str:
        """What is wrong with config.toml; what was read before stays in force."""

    @property
    def config_waits(self) -> tuple[str, ...]:
        """Settings that have changed, and take effect at the next start."""

    @property
    def paces(self) -> Paces: ...

    @property
    def manners(self) -> Manners: ...


def statement(agent: Agent, around: Around, *, stuck: str, pausing: Pausing, trash: Answer) -> Answer:
    """``stuck`` is what only a person can help with; ``trash`` is what is known of that."""
    status = agent.board.status
    said = lines(agent.board.told, around)
    since = status.unacknowledged_since
    traffic, config = agent.board.traffic, agent.config
    trouble, waits = agent.config_trouble, agent.config_waits
    return {
        "name": config.name,
        "profile": said_name(config.profile),
        "root": str(config.sync_root),
        "server": config.server,
        "proxy": proxy_in_words(config),
        "folder": config.folder,
        "client_id": config.client_id,
        "state": status.state.value,
        "reason": status.reason,
        "stuck": stuck,
        "pause": {"paused": pausing.paused, "until": pausing.until},
        "guest": {**agent.manners.told(), "large": {"count": status.kept_back[0], "bytes": status.kept_back[1]}},
        "in_sync": in_sync(said),
        "lines": [plain(line) for line in [*said, *_beside(agent)]],
        "config": {"error": trouble, "waiting": list(waits)},
        "pending": status.pending,
        "hub_seq": status.hub_seq,
        "applied_seq": status.applied_seq,
        "files": status.files,
        "last_contact": agent.last_contact,
        "transfers": {"upload_bytes": status.uploading, "download_bytes": status.downloading},
        "traffic": {
            "sent": traffic.sent,
            "received": traffic.received,
            "content_sent": traffic.content_sent,
            "content_received": traffic.content_received,
        },
        "limits": limits(agent.paces),
        "priority": HERE.in_force(),
        "watch": {
            "degraded": bool(around.watch),
            "reason": around.watch,
            "overflows": agent.overflows,
        },
        "scan": {"running": status.scan is not None, "reason": status.scan or ""},
        "unacknowledged": {
            "count": status.unacknowledged,
            "oldest_seconds": None if since is None else round(max(around.now - since, 0.0), 3),
        },
        "held": [{"path": path, "reason": reason} for path, reason in status.held],
        "asked": [
            {
                "id": one.id,
                "direction": one.direction.value,
                "deleted": one.deleted,
                "overwritten": one.overwritten,
                "since": one.since,
                "held_by": "hub" if one.by_hub else "agent",
                "paths": list(one.paths),
            }
            for one in status.asked
        ],
        "trash": trash,
        "respect_gitignore": agent.config.respect_gitignore,
        "ignored": status.ignored,
        "excluded": list(status.excluded),
        "skipped": [{"path": path, "reason": reason} for path, reason in status.skipped],
        "unreadable": [{"path": path, "reason": reason} for path, reason in status.unreadable],
    }


def limits(paces: Paces) -> Answer:
    """Bytes a second; None: as fast as it goes."""
    return {"up": paces.up.rate or None, "down": paces.down.rate or None}


def _beside(agent: Agent) -> Iterator[Line]:
    """What keeps nothing from being in sync, and is worth a word."""
    yield from _of_settings(agent.config_trouble, agent.config_waits)
    yield from _of_hooks(agent.board)
    if waived := agent.manners.decision.ignored:
        yield Line("waived", f"{' and '.join(waived)}; it goes on since you said so", hinders=False)


def _of_settings(trouble: str, waits: Sequence[str]) -> Iterator[Line]:
    """What there is to say of config.toml.  It keeps nothing from being in sync."""
    if trouble:
        yield Line(
            "config", f"the settings have a mistake, and those from before stay in force: {trouble}", hinders=False
        )
    if waits:
        yield Line("restart", f"changed settings wait for the next start: {', '.join(waits)}", hinders=False)


def _of_hooks(board: Board) -> Iterator[Line]:
    for reason in board.hook_troubles.values():
        yield Line("hook", reason, hinders=False)


def plain(line: Line) -> Answer:
    place = {} if line.path is None else {"path": line.path}
    return {"kind": line.kind, "text": line.text, "hinders": line.hinders} | place
