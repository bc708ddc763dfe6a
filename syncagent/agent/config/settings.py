"""The settings: each is declared here, once.

A declaration says the type, what is allowed, the default, what it is for in words that people read, and in ``About``
its group, its unit, whom it is for, and how a change of it takes effect while the agent runs.  All else follows: the
comments in a fresh config.toml, `config show`, what a page offers, the line in the README (a test asks for it), and
what is said of a value that is wrong.  The key is not a setting; it is kept apart (``keys``).
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from syncagent.agent.config import kinds
from syncagent.agent.keys import KeyStore
from syncagent.agent.places import Places
from syncagent.agent.priority import Level
from syncagent.model.acts import Limits
from syncagent.model.values import fixed
from syncagent.reserve import bytes_or_share
from syncagent.transport.pace import bytes_a_second
from syncagent.transport.proxy import NONE, SYSTEM, proxy_in, proxy_setting


class Applies(StrEnum):
    """How a change of a setting takes effect in an agent that runs."""

    LIVE = "live"
    """At once."""
    RECONNECT = "reconnect"
    """At once too, over a connection that the agent makes anew by itself."""
    RESTART = "restart"
    """At the next start; until then the old value stays in force."""


class Scope(StrEnum):
    """Whom a setting is for."""

    EACH = "each"
    """Each profile may have its own; one that has none goes by what is said at the top of the file."""
    OWN = "own"
    """It is about one folder and its hub: no profile takes it from elsewhere."""
    WHOLE = "whole"
    """The whole agent, with all of its profiles: it stands at the top of the file."""


@fixed
class About:
    """What there is to say of a setting beside its type, its default and its description.  ``kind`` names a type of
    values that is none of Python's: ``rate``, ``proxy``.  ``why`` it cannot be changed while the agent runs, where that
    is so."""

    group: str
    applies: Applies
    unit: str = ""
    scope: Scope = Scope.EACH
    kind: str = ""
    why: str = ""


LIVE: Final = Applies.LIVE
RECONNECT: Final = Applies.RECONNECT
RESTART: Final = Applies.RESTART


_FOLDER: Final = "what an agent knows of one folder is not true of another, and must not meet it half way"
_HUB: Final = "the hub here stays where the machines that are connected have found it"


class Settings(BaseModel):
    """What config.toml may hold.  Each description is shown to people, and the README repeats it."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    sync_root: Annotated[
        Path, AfterValidator(kinds.folder_path), About("folder", RESTART, scope=Scope.OWN, why=_FOLDER)
    ] = Field(description="the folder that is kept the same, as an absolute path")
    server: Annotated[str, AfterValidator(kinds.server_url), About("hub", RECONNECT, scope=Scope.OWN)] = Field(
        description="the address of the hub: ws://host:port, or wss://host:port beyond this machine"
    )
    name: Annotated[str, AfterValidator(kinds.one_line), About("folder", RECONNECT)] = Field(
        default_factory=kinds.host_name,
        max_length=64,
        description="what this machine is called, in conflict copies too",
    )
    folder: Annotated[str, AfterValidator(kinds.hub_folder), About("hub", RESTART, scope=Scope.OWN, why=_FOLDER)] = (
        Field("default", description="which of the hub's folders this one is")
    )
    fingerprint: Annotated[str, AfterValidator(kinds.fingerprint), About("hub", RECONNECT, scope=Scope.OWN)] = Field(
        "", description="the SHA-256 of the hub's certificate, when it made its own; empty: any that the system trusts"
    )
    proxy: Annotated[str, AfterValidator(proxy_setting), About("hub", RECONNECT, kind="proxy")] = Field(
        "system",
        repr=False,
        description='what leads to a hub elsewhere: "system" (what HTTPS_PROXY, ALL_PROXY or the system say), "none", '
        "or an address such as http://ann@proxy:3128 or socks5h://proxy:1080",
    )
    listen: Annotated[str, AfterValidator(kinds.listen_address), About("hub", RESTART, scope=Scope.OWN, why=_HUB)] = (
        Field("", description="HOST:PORT of the hub that `up` runs along with the agent; empty: it runs none")
    )
    key_store: Annotated[KeyStore, About("hub", LIVE)] = Field(
        "auto", description='where the key is kept: "file", "keyring", or "auto"'
    )
    rescan_minutes: Annotated[int, About("looking", LIVE, "minutes")] = Field(
        60, ge=1, le=7 * 24 * 60, description="how often the whole folder is looked through"
    )
    deep_scan_days: Annotated[int, About("looking", LIVE, "days")] = Field(
        30,
        ge=0,
        le=3650,
        description="in so many days each file is read once, for what the disk has lost; 0: never",
    )
    respect_gitignore: Annotated[bool, About("looking", LIVE)] = Field(
        False, description="whether what .gitignore files leave out is left out, too; .syncignore files always count"
    )
    brake: Annotated[Literal["on", "off"], About("brake", LIVE)] = Field(
        "on", description='whether a mass of deletes or overwrites is held until you say yes or no; "off": never asked'
    )
    brake_files: Annotated[int, About("brake", LIVE, "files")] = Field(
        10, ge=1, description="so many deletes or overwrites are a mass, if they are also a share"
    )
    brake_share: Annotated[float, About("brake", LIVE)] = Field(
        0.5, gt=0, le=1, description="the part of all files of the folder that makes them one (0.5: half of them)"
    )
    brake_most: Annotated[int, About("brake", LIVE, "files")] = Field(
        1_000, ge=1, description="so many are a mass, however large the folder is"
    )
    trash_days: Annotated[int, About("trash", LIVE, "days")] = Field(
        30, ge=0, le=3650, description="so long what was deleted elsewhere is kept in .syncagent/trash; 0: it is not"
    )
    trash_size: Annotated[str, BeforeValidator(kinds.size_or_share), About("trash", LIVE)] = Field(
        "10%",
        description="what is kept there at most, such as 5GB, or 10% of the disk; the oldest go first; 0: none",
    )
    trash_keeps: Annotated[Literal["deleted", "all"], About("trash", LIVE)] = Field(
        "deleted", description='what is kept there: "deleted", or "all", which is also what an edit elsewhere replaced'
    )
    max_up: Annotated[int, BeforeValidator(bytes_a_second), About("speed", LIVE, "bytes a second", kind="rate")] = (
        Field(0, description="bytes a second that are sent at most, such as 500K or 2MB; off: as many as go")
    )
    max_down: Annotated[int, BeforeValidator(bytes_a_second), About("speed", LIVE, "bytes a second", kind="rate")] = (
        Field(0, description="bytes a second that are received at most, likewise")
    )
    on_metered: Annotated[Literal["sync", "small", "pause"], About("guest", LIVE)] = Field(
        "small",
        description='while the network is metered, as a phone\'s is: "sync", "small" (large files wait), or "pause"',
    )
    on_battery: Annotated[Literal["sync", "small", "pause"], About("guest", LIVE)] = Field(
        "sync", description="likewise while this machine runs on battery"
    )
    on_power_saver: Annotated[Literal["sync", "small", "pause"], About("guest", LIVE)] = Field(
        "small", description="likewise while it runs on battery and was told to use less power"
    )
    pause_below_battery: Annotated[int, About("guest", LIVE, "percent")] = Field(
        10, ge=0, le=100, description="on battery with less than so much left, nothing is sent or received; 0: never so"
    )
    small_size: Annotated[str, BeforeValidator(kinds.small_size), About("guest", LIVE)] = Field(
        "10MB", description="from which size on files wait where large ones do"
    )
    schedule: Annotated[str, AfterValidator(kinds.schedule), About("guest", LIVE)] = Field(
        "", description='what holds when: "Mon-Fri 09:00-18:00 up=1M down=5M; 22:00-06:00 pause" (or small, or sync)'
    )
    min_free: Annotated[str, BeforeValidator(kinds.size_or_share), About("guest", LIVE)] = Field(
        "1%",
        description="what stays free of each disk, such as 5GB, or 1% of it: what would take it waits; 0: nothing",
    )
    priority: Annotated[Level, About("guest", LIVE, scope=Scope.WHOLE)] = Field(
        "low",
        description='"low": large files and masses of them wait for other programs at the disk; "lowest": for the '
        'processors, too, and idle at the disk; "normal": none waits',
    )
    notify: Annotated[Literal["all", "important", "none"], About("desktop", LIVE, scope=Scope.WHOLE)] = Field(
        "all", description='what the tray notifies of: "all", "important" (what needs you), or "none"'
    )
    merge_tool: Annotated[str, AfterValidator(kinds.command_line), About("desktop", LIVE, scope=Scope.WHOLE)] = Field(
        "",
        description="what `conflicts merge` opens: meld, kdiff3, vimdiff, code, or a command with $BASE $MINE $THEIRS "
        "$RESULT; empty: $MERGETOOL, git's merge.tool, or your editor",
    )
    on_change: Annotated[str, AfterValidator(kinds.command_line), About("hooks", LIVE)] = Field(
        "", description="a command that is started, without a shell, when files were changed, here or elsewhere"
    )
    on_conflict: Annotated[str, AfterValidator(kinds.command_line), About("hooks", LIVE)] = Field(
        "", description="likewise when a file was changed on two machines at once"
    )
    on_idle: Annotated[str, AfterValidator(kinds.command_line), About("hooks", LIVE)] = Field(
        "", description="likewise whenever all has come to be in sync"
    )
    hook_seconds: Annotated[int, About("hooks", LIVE, "seconds")] = Field(
        60, ge=1, le=24 * 3600, description="so long may such a command take before it is stopped"
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], About("log", LIVE, scope=Scope.WHOLE)] = Field(
        "info", description="how much the log tells"
    )
    log_format: Annotated[Literal["text", "json"], About("log", LIVE, scope=Scope.WHOLE)] = Field(
        "text", description='"text", or "json" for one object a line'
    )


GROUPS: Final = {
    "folder": "The folder",
    "hub": "The hub",
    "looking": "Looking through the folder",
    "brake": "Before a great many files are deleted or overwritten",
    "trash": "The trash",
    "speed": "Speed",
    "guest": "Sparing the machine",
    "desktop": "The desktop",
    "hooks": "Commands of your own",
    "log": "The log",
}
"""The groups of settings, in the order in which they are shown, with their titles."""


def about(key: str) -> About:
    """What there is to say of the setting ``key``."""
    return next(one for one in Settings.model_fields[key].metadata if isinstance(one, About))


def keys_of(scope: Scope) -> frozenset[str]:
    """The settings for which that is so."""
    return frozenset(key for key in Settings.model_fields if about(key).scope is scope)


def default_of(key: str) -> Any:
    """The value of a setting that nobody has set; None where somebody must."""
    field = Settings.model_fields[key]
    return None if field.is_required() else field.get_default(call_default_factory=True, validated_data={})


class AgentConfig(Settings):
    """All that a running agent is told of one folder: the settings, and what is kept beside them."""

    data_dir: Path
    profile: str = ""
    client_id: str
    api_key: SecretStr
    proxy_password: SecretStr = SecretStr("")
    """What was kept for the user whom ``proxy`` names."""
    new_hub: bool = False
    """Whether the person has said that the hub may be another one than before."""

    @property
    def places(self) -> Places:
        return Places(self.data_dir, self.profile)

    @property
    def secrets(self) -> list[str]:
        """What must not be told."""
        named = proxy_in(self.proxy).password if self.proxy not in (SYSTEM, NONE) else ""
        return [
            self.api_key.get_secret_value(),
            *(one for one in (self.proxy_password.get_secret_value(), named) if one),
        ]

    @property
    def small_bytes(self) -> int:
        """The largest file that is carried over where large ones wait."""
        return bytes_or_share(self.small_size)[0] or 0

    @property
    def limits(self) -> Limits | None:
        """What the brake goes by; None when it is off."""
        return Limits(self.brake_files, self.brake_share, self.brake_most) if self.brake == "on" else None
