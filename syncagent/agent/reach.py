"""Under which address a hub that listens here is reached, from this machine and from another; and through what."""

from __future__ import annotations

import ipaddress
import socket

from syncagent.agent.config.kinds import host_and_port
from syncagent.agent.config.settings import AgentConfig, Settings
from syncagent.transport.proxy import Proxy, is_loopback, proxy_to

__all__ = ["is_loopback", "proxy_in_words", "reach_from_afar", "reach_own_hub", "way_to_hub"]


def way_to_hub(config: AgentConfig) -> Proxy | None:
    """The proxy that leads to the hub now; None: it is reached without.  Raises ValueError where one is named that
    cannot be."""
    return proxy_to(config.server, config.proxy, config.proxy_password.get_secret_value())


def proxy_in_words(config: AgentConfig) -> str:
    """The same for those who look: without a password; "" where none leads there."""
    try:
        proxy = way_to_hub(config)
    except ValueError as reason:
        return str(reason)
    return str(proxy) if proxy is not None else ""


def reach_own_hub(host: str, port: int) -> dict[str, str]:
    """The settings with which the agent beside a hub reaches it; beyond loopback the hub speaks TLS."""
    scheme = "ws" if is_loopback(host) else "wss"
    return {"server": f"{scheme}://{_in_url(_nearest(host))}:{port}"}


def reach_from_afar(settings: Settings) -> str:
    """The address under which other machines reach the hub that runs here."""
    host, port = host_and_port(settings.listen)
    if is_loopback(host):
        return settings.server
    return f"wss://{_in_url(_own_address() if _is_any(host) else host)}:{port}"


def _nearest(host: str) -> str:
    if not _is_any(host):
        return host
    return "::1" if ":" in host else "127.0.0.1"


def _is_any(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _own_address() -> str:
    """This machine's address in the network that leads outward.  Nothing is sent: a UDP socket only picks a route."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.connect(("192.0.2.1", 9))  # an address kept for documents
            return str(trial.getsockname()[0])
        except OSError:
            return socket.gethostname()
