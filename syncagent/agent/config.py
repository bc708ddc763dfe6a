"""The agent's settings: what they are, where they come from, and what is wrong with them.

A setting has its default, is overridden by ``config.toml`` in the data directory, that by ``SYNCAGENT_<NAME>`` in the
environment, and that by an option of the command line.  What is wrong is said with the place it was found at: file,
line and column, the variable, or the option.  The key is not a setting; it is kept apart (``keys``).
"""

from __future__ import annotations

import difflib
import re
import secrets
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from syncagent.agent.keys import KeyStore
from syncagent.agent.places import Places
from syncagent.errors import BadConfig
from syncagent.model.acts import Limits
from syncagent.model.link import is_folder_name
from syncagent.private import write_private
from syncagent.transport.pace import bytes_a_second

PREFIX: Final = "SYNCAGENT_"


def _folder_path(path: Path) -> Path:
    path = path.expanduser()
    if not path.is_absolute():
        raise ValueError("must be an absolute path")
    return path


def _server_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise ValueError("must look like ws://host:port or wss://host:port")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must have no user, password, query or fragment")
    if parts.port == 0:
        raise ValueError("port 0 is no port")
    return text.rstrip("/")


def _listen_address(text: str) -> str:
    if text:
        host_and_port(text)
    return text


def _one_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("must be one line of visible text")
    return text.strip()


def _hub_folder(text: str) -> str:
    if not is_folder_name(text):
        raise ValueError("must begin with a letter or digit, and have 64 of A-Z a-z 0-9 . _ - at most")
    return text


def _fingerprint(text: str) -> str:
    plain = text.replace(":", "").lower()
    if plain and not re.fullmatch(r"[0-9a-f]{64}", plain):
        raise ValueError("must be a SHA-256 digest: 64 hexadecimal digits")
    return plain


def host_name() -> str:
    """The short name of this machine."""
    return socket.gethostname().partition(".")[0].strip() or "machine"


def host_and_port(text: str) -> tuple[str, int]:
    """``("0.0.0.0", 8765)`` for ``0.0.0.0:8765``; an IPv6 host stands in brackets.

    Raises ValueError, with the reason.
    """
    found = re.fullmatch(r"(?:\[(?P<six>[0-9A-Fa-f:.%]+)\]|(?P<host>[^\s:\[\]/@]+)):(?P<port>\d{1,5})", text)
    if not found or int(found["port"]) > 65535:
        raise ValueError("must look like HOST:PORT")
    return found["six"] or found["host"], int(found["port"])


class Settings(BaseModel):
    """What config.toml may hold.  Each description is shown to people, and the README repeats it."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    sync_root: Annotated[Path, AfterValidator(_folder_path)] = Field(
        description="the folder that is kept the same, as an absolute path"
    )
    server: Annotated[str, AfterValidator(_server_url)] = Field(
        description="the address of the hub: ws://host:port, or wss://host:port beyond this machine"
    )
    name: Annotated[str, AfterValidator(_one_line)] = Field(
        default_factory=host_name, max_length=64, description="what this machine is called, in conflict copies too"
    )
    folder: Annotated[str, AfterValidator(_hub_folder)] = Field(
        "default", description="which of the hub's folders this one is"
    )
    fingerprint: Annotated[str, AfterValidator(_fingerprint)] = Field(
        "", description="the SHA-256 of the hub's certificate, when it made its own; empty: any that the system trusts"
    )
    listen: Annotated[str, AfterValidator(_listen_address)] = Field(
        "", description="HOST:PORT of the hub that `up` runs along with the agent; empty: it runs none"
    )
    key_store: KeyStore = Field("auto", description='where the key is kept: "file", "keyring", or "auto"')
    rescan_minutes: int = Field(60, ge=1, le=7 * 24 * 60, description="how often the whole folder is looked through")
    deep_scan_days: int = Field(
        30,
        ge=0,
        le=3650,
        description="in so many days each file is read once, for what the disk has lost; 0: never",
    )
    brake: Literal["on", "off"] = Field(
        "on", description='whether a mass of deletes or overwrites is held until you say yes or no; "off": never asked'
    )
    brake_files: int = Field(10, ge=1, description="so many deletes or overwrites are a mass, if they are also a share")
    brake_share: float = Field(
        0.5, gt=0, le=1, description="the part of all files of the folder that makes them one (0.5: half of them)"
    )
    brake_most: int = Field(1_000, ge=1, description="so many are a mass, however large the folder is")
    max_up: Annotated[int, BeforeValidator(bytes_a_second)] = Field(
        0, description="bytes a second that are sent at most, such as 500K or 2MB; off: as many as go"
    )
    max_down: Annotated[int, BeforeValidator(bytes_a_second)] = Field(
        0, description="bytes a second that are received at most, likewise"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="how much the log tells")
    log_format: Literal["text", "json"] = Field("text", description='"text", or "json" for one object a line')


class AgentConfig(Settings):
    """All that a running agent is told: the settings, and what is kept beside them."""

    data_dir: Path
    client_id: str
    api_key: SecretStr
    new_hub: bool = False
    """Whether the person has said that the hub may be another one than before."""

    @property
    def places(self) -> Places:
        return Places(self.data_dir)

    @property
    def limits(self) -> Limits | None:
        """What the brake goes by; None when it is off."""
        return Limits(self.brake_files, self.brake_share, self.brake_most) if self.brake == "on" else None


@dataclass(frozen=True, slots=True)
class Given:
    """Settings as text or values, before they are checked, and where each came from."""

    values: Mapping[str, Any]
    origins: Mapping[str, str]


def read_settings(
    places: Places, environment: Mapping[str, str] | None = None, options: Mapping[str, Any] | None = None
) -> Settings:
    """The settings in force.  An option that is None was not given.

    Raises BadConfig: what is wrong, and where.
    """
    given = gather(places, environment or {}, options or {})
    for missing in ("sync_root", "server"):
        if missing not in given.values:
            option = f"--{missing.replace('_', '-')}"
            raise BadConfig(
                f"no {missing} set in {places.config}: begin with `syncagent up` or `syncagent join`, or give {option}"
            )
    try:
        settings = Settings.model_validate(dict(given.values))
    except ValidationError as error:
        raise BadConfig(_explained(error, given)) from None
    _check_apart(settings.sync_root, places.data_dir, given.origins["sync_root"])
    return settings


def agent_config(settings: Settings, places: Places, api_key: str, *, new_hub: bool = False) -> AgentConfig:
    """The whole of what an agent needs.  Raises BadConfig when there is no key."""
    if not api_key:
        raise BadConfig("no key for the hub: set SYNCAGENT_API_KEY, or begin with `syncagent join LINK`")
    return AgentConfig(
        **settings.model_dump(),
        data_dir=places.data_dir,
        client_id=client_id(places, settings.name),
        api_key=SecretStr(api_key),
        new_hub=new_hub,
    )


def gather(places: Places, environment: Mapping[str, str], options: Mapping[str, Any]) -> Given:
    """All settings that someone gave, the strongest of each.  Raises BadConfig when config.toml is not readable."""
    text = _text_of(places.config)
    values, origins = dict(_parsed(text, places.config)), {}
    for key in values:
        line, column = position_of(text, key)
        origins[key] = f"{places.config}:{line}:{column}: {key}"
        if key not in Settings.model_fields:
            raise BadConfig(f"{origins[key]}: there is no such setting{_close_to(key)}")
    for key in Settings.model_fields:
        if (variable := PREFIX + key.upper()) in environment:
            values[key], origins[key] = environment[variable], variable
        if options.get(key) is not None:
            values[key], origins[key] = options[key], f"--{key.replace('_', '-')}"
    return Given(values, origins)


def _text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise BadConfig(f"{path}: not valid UTF-8 at byte {error.start}") from None
    except OSError as error:
        raise BadConfig(f"{path} cannot be read: {error.strerror}") from None


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        reason = str(error).partition(" (at ")[0]
        lines = text.splitlines() or [""]
        line, column = (int(found[1]), int(found[2])) if found else (len(lines), len(lines[-1]) + 1)
        raise BadConfig(f"{path}:{line}:{column}: {reason[:1].lower()}{reason[1:]}") from None


def position_of(text: str, key: str) -> tuple[int, int]:
    """Line and column (from 1) at which the top-level ``key`` is set in valid TOML; (1, 1) when it is not found."""
    lines = text.splitlines()
    pattern = re.compile(rf"""\s*(?:\[+\s*)?(["']?){re.escape(key)}\1\s*[=.\]]""")
    for number, line in enumerate(lines):
        if found := pattern.match(line):
            # A line inside a text of several lines only looks like a setting: what stands before it is not whole.
            try:
                tomllib.loads("\n".join(lines[:number]))
            except tomllib.TOMLDecodeError:
                continue
            return number + 1, len(line) - len(line.lstrip()) + 1 if not found[1] else line.index(found[1]) + 1
    return 1, 1


def _close_to(key: str) -> str:
    close = difflib.get_close_matches(key, Settings.model_fields, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _explained(error: ValidationError, given: Given) -> str:
    """The first thing that is wrong, in one line."""
    first = error.errors(include_url=False, include_input=True)[0]
    key = str(first["loc"][0]) if first["loc"] else "?"
    reason = first["msg"].removeprefix("Value error, ").replace("for <class 'pathlib.Path'>", "").strip()
    return f"{given.origins.get(key, key)}: {reason[:1].lower()}{reason[1:]} (not {str(first['input'])[:80]!r})"


def _check_apart(root: Path, data_dir: Path, origin: str) -> None:
    """The agent's own files must not be in the folder, nor the folder among them: it would sync itself for ever."""
    real = root.resolve()
    if real == Path(real.anchor):
        raise BadConfig(f"{origin}: the whole file system cannot be kept the same")
    if data_dir.is_relative_to(real):
        raise BadConfig(
            f"{origin}: {root} holds the agent's own data directory {data_dir}; choose a folder apart from it"
        )
    if real.is_relative_to(data_dir):
        raise BadConfig(f"{origin}: {root} is inside the agent's own data directory; choose a folder apart from it")


def write_settings(places: Places, changes: Mapping[str, str | int | float | bool]) -> None:
    """Put ``changes`` into config.toml; all else in it, comments too, stays as it is.

    Raises BadConfig when the file cannot be read or written.
    """
    text = _text_of(places.config)
    _parsed(text, places.config)
    import tomlkit  # noqa: PLC0415 - an agent that runs only reads settings

    document = tomlkit.parse(text)
    if not text:
        document.add(tomlkit.comment("The settings of syncagent on this machine; the README lists all there are."))
    for key, value in changes.items():
        if key not in document:
            document.add(tomlkit.nl())
            document.add(tomlkit.comment(Settings.model_fields[key].description or key))
        document[key] = value
    write_private(places.config, tomlkit.dumps(document))


def renewed(config: AgentConfig) -> AgentConfig:
    """The same, with a client id of its own.  Raises BadConfig when that cannot be kept."""
    return config.model_copy(update={"client_id": _new_client_id(config.places, config.name)})


def client_id(places: Places, name: str) -> str:
    """The id of this agent: made at its first start from its name and the time, and kept."""
    try:
        kept = places.identity.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        kept = ""
    except OSError as error:
        raise BadConfig(f"{places.identity} cannot be read: {error.strerror}") from None
    if re.fullmatch(r"[A-Za-z0-9._-]{1,128}", kept):
        return kept
    if kept:
        raise BadConfig(f"{places.identity} does not hold a client id; remove it, and the agent makes a new one")
    return _new_client_id(places, name)


def _new_client_id(places: Places, name: str) -> str:
    label = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "machine"
    made = f"{label}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
    write_private(places.identity, made + "\n")
    return made
