"""Objects of ours on a bus: calls to them are answered, and they can say that something has changed."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

from dbus_fast import ErrorType, Message, MessageFlag, MessageType, Variant
from dbus_fast.aio import MessageBus

from syncagent.bus.sending import Sending

Body: TypeAlias = tuple[str, list[Any]]
"""A signature, and the values that go with it."""

NOTHING: Body = ("", [])
_PROPERTIES = "org.freedesktop.DBus.Properties"
_INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"


class Refusal(Exception):
    """The call is not one that can be answered.  ``kind`` is the error's name on the bus."""

    def __init__(self, text: str, kind: ErrorType = ErrorType.INVALID_ARGS) -> None:
        super().__init__(text)
        self.kind = kind


class Exported(Protocol):
    """One interface at one path."""

    @property
    def interface(self) -> str: ...

    @property
    def xml(self) -> str:
        """What it has, for those who look around on the bus."""

    def properties(self) -> dict[str, Variant]: ...

    def call(self, member: str, body: list[Any]) -> Body:
        """Raises Refusal."""


class Exports:
    """What others on the bus can call."""

    def __init__(self, bus: MessageBus, sending: Sending) -> None:
        self._sending = sending
        self._objects: dict[str, Exported] = {}
        bus.add_message_handler(self._answer)

    def put(self, path: str, exported: Exported) -> None:
        self._objects[path] = exported

    def signal(self, path: str, member: str, signature: str = "", body: list[Any] | None = None) -> None:
        """The object at ``path`` says this, to everyone."""
        interface = self._objects[path].interface
        self._sending.send(Message.new_signal(path, interface, member, signature, body or []))

    def _answer(self, message: Message) -> bool:
        if message.message_type is not MessageType.METHOD_CALL or message.path not in self._objects:
            return False
        exported = self._objects[message.path]
        try:
            signature, body = _called(exported, message)
        except Refusal as error:
            answer = Message.new_error(message, error.kind, str(error))
        else:
            answer = Message.new_method_return(message, signature, body)
        if not message.flags & MessageFlag.NO_REPLY_EXPECTED:
            self._sending.send(answer)
        return True


def _called(exported: Exported, message: Message) -> Body:
    member, body = str(message.member), list(message.body)
    match message.interface:
        case "org.freedesktop.DBus.Properties":
            return _property(exported, member, body)
        case "org.freedesktop.DBus.Introspectable":
            return "s", [_described(exported)]
        case None | exported.interface:
            try:
                return exported.call(member, body)
            except (IndexError, TypeError, ValueError) as error:
                raise Refusal(f"{member} was called with something else than it takes: {error}") from None
        case other:
            raise Refusal(f"there is no {other} here", ErrorType.UNKNOWN_INTERFACE)


def _property(exported: Exported, member: str, body: list[Any]) -> Body:
    found = exported.properties()
    match member, body:
        case "GetAll", [exported.interface | ""]:
            return "a{sv}", [found]
        case "GetAll", [_]:
            return "a{sv}", [{}]
        case "Get", [_, str() as name] if name in found:
            return "v", [found[name]]
        case "Get", [_, name]:
            raise Refusal(f"there is no property {name}", ErrorType.UNKNOWN_PROPERTY)
        case "Set", [_, name, _]:
            raise Refusal(f"{name} can only be read", ErrorType.PROPERTY_READ_ONLY)
        case _:
            raise Refusal(f"there is no {member} here", ErrorType.UNKNOWN_METHOD)


def _described(exported: Exported) -> str:
    return (
        '<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN" '
        '"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">\n'
        f'<node><interface name="{exported.interface}">{exported.xml}</interface>'
        f'<interface name="{_PROPERTIES}">'
        '<method name="Get"><arg direction="in" type="s"/><arg direction="in" type="s"/>'
        '<arg direction="out" type="v"/></method>'
        '<method name="GetAll"><arg direction="in" type="s"/><arg direction="out" type="a{sv}"/></method>'
        f'</interface><interface name="{_INTROSPECTABLE}">'
        '<method name="Introspect"><arg direction="out" type="s"/></method></interface></node>'
    )


def described(methods: dict[str, tuple[str, str]], signals: dict[str, str], properties: dict[str, str]) -> str:
    """The description of methods (what they take, and give), signals and properties, by their signatures."""
    parts = [
        f'<method name="{name}">{_arguments("in", takes)}{_arguments("out", gives)}</method>'
        for name, (takes, gives) in methods.items()
    ]
    parts += [f'<signal name="{name}">{_arguments("", gives)}</signal>' for name, gives in signals.items()]
    parts += [f'<property name="{name}" type="{kind}" access="read"/>' for name, kind in properties.items()]
    return "".join(parts)


def _arguments(direction: str, signatures: str) -> str:
    """One argument for each signature; those of several are parted by blanks."""
    way = f' direction="{direction}"' if direction else ""
    return "".join(f'<arg type="{one}"{way}/>' for one in signatures.split())
