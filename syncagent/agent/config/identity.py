"""The id of an agent: made once, from its name and the time, and kept beside its settings."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

from pydantic import SecretStr

from syncagent.agent.config.settings import AgentConfig, Settings
from syncagent.agent.keys import load_proxy_password
from syncagent.agent.places import Places
from syncagent.errors import BadConfig
from syncagent.private import write_private
from syncagent.transport.proxy import kept_under


def agent_config(settings: Settings, places: Places, api_key: str, *, new_hub: bool = False) -> AgentConfig:
    """The whole of what an agent needs.  Raises BadConfig when there is no key."""
    _check_key(api_key)
    return _config(settings, places, api_key, client_id(places, settings.name), new_hub=new_hub)


def trial_config(settings: Settings, places: Places, api_key: str, *, new_hub: bool = False) -> AgentConfig:
    """The same, for one who only wants to know what would be: no id is made.  Raises BadConfig."""
    _check_key(api_key)
    return _config(settings, places, api_key, kept_client_id(places) or "new", new_hub=new_hub)


def _check_key(api_key: str) -> None:
    if not api_key:
        raise BadConfig("no key for the hub: set SYNCAGENT_API_KEY, or begin with `syncagent join LINK`")


def _config(settings: Settings, places: Places, api_key: str, client_id: str, *, new_hub: bool) -> AgentConfig:
    account = kept_under(settings.proxy)
    return AgentConfig(
        **settings.model_dump(),
        data_dir=places.data_dir,
        profile=places.profile,
        client_id=client_id,
        api_key=SecretStr(api_key),
        proxy_password=SecretStr(load_proxy_password(places, account) if account else ""),
        new_hub=new_hub,
    )


def renewed(config: AgentConfig) -> AgentConfig:
    """The same, with a client id of its own.  Raises BadConfig when that cannot be kept."""
    return config.model_copy(update={"client_id": _new_client_id(config.places, config.name)})


def client_id(places: Places, name: str) -> str:
    """The id of this agent: made at its first start from its name and the time, and kept."""
    return kept_client_id(places) or _new_client_id(places, name)


def kept_client_id(places: Places) -> str:
    """The id that this agent has already, or "".  Raises BadConfig."""
    try:
        kept = places.identity.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise BadConfig(f"{places.identity} cannot be read: {error.strerror}") from None
    if kept and not re.fullmatch(r"[A-Za-z0-9._-]{1,128}", kept):
        raise BadConfig(f"{places.identity} does not hold a client id; remove it, and the agent makes a new one")
    return kept


def _new_client_id(places: Places, name: str) -> str:
    label = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "machine"
    made = f"{label}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
    write_private(places.identity, made + "\n")
    return made
