"""What others get who call an object of ours."""

from __future__ import annotations

from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest
from dbus_fast import ErrorType, Message, MessageFlag, MessageType, Variant
from dbus_fast.aio import MessageBus

from syncagent.bus.sending import Sending
from syncagent.desktop.bus.exports import Body, Exports, Refusal, described
from tests.desktop.bus.conftest import Other

PATH: Final = "/thing"
NAME: Final = "org.example.Thing"
PROPERTIES: Final = "org.freedesktop.DBus.Properties"


class Thing:
    interface: Final = NAME
    xml: Final = described({"Twice": ("i", "i"), "Nothing": ("", "")}, {"Changed": "s"}, {"Size": "u"})

    def properties(self) -> dict[str, Variant]:
        return {"Size": Variant("u", 7)}

    def call(self, member: str, body: list[Any]) -> Body:
        if member == "Twice":
            return "i", [2 * body[0]]
        raise Refusal(f"no {member}", ErrorType.UNKNOWN_METHOD)


@pytest.fixture
def thing(bus: MessageBus) -> Exports:
    exports = Exports(bus, Sending(bus))
    exports.put(PATH, Thing())
    return exports


async def error_of(other: Other, bus: MessageBus, method: str, signature: str = "", *body: Any) -> str:
    with pytest.raises(AssertionError) as found:
        await other.ask(str(bus.unique_name), PATH, method, signature, *body)
    return str(found.value).partition(": ")[0].rpartition(".")[2]


async def test_methods_and_properties(bus: MessageBus, thing: Exports, other: Other) -> None:
    us = str(bus.unique_name)
    assert await other.ask(us, PATH, f"{NAME}.Twice", "i", 21) == 42
    assert await other.get(us, PATH, NAME, "Size") == 7
    found = await other.ask(us, PATH, f"{PROPERTIES}.GetAll", "s", NAME)
    assert {name: value.value for name, value in found.items()} == {"Size": 7}
    assert await other.ask(us, PATH, f"{PROPERTIES}.GetAll", "s", "org.example.Other") == {}


async def test_what_is_not_there_is_an_error(bus: MessageBus, thing: Exports, other: Other) -> None:
    assert await error_of(other, bus, f"{NAME}.Thrice", "i", 1) == "UnknownMethod"
    assert await error_of(other, bus, f"{NAME}.Twice") == "InvalidArgs"
    assert await error_of(other, bus, "org.example.Other.Twice", "i", 1) == "UnknownInterface"
    assert await error_of(other, bus, f"{PROPERTIES}.Get", "ss", NAME, "Weight") == "UnknownProperty"
    assert await error_of(other, bus, f"{PROPERTIES}.Set", "ssv", NAME, "Size", Variant("u", 8)) == "PropertyReadOnly"
    assert await error_of(other, bus, f"{PROPERTIES}.Turn", "s", NAME) == "UnknownMethod"


async def test_it_describes_itself(bus: MessageBus, thing: Exports, other: Other) -> None:
    text = await other.ask(str(bus.unique_name), PATH, "org.freedesktop.DBus.Introspectable.Introspect")
    found = ET.fromstring(text)
    interface = found.find(f"interface[@name='{NAME}']")
    assert interface is not None
    assert [one.get("name") for one in interface] == ["Twice", "Nothing", "Changed", "Size"]
    assert [one.attrib for one in interface[0]] == [{"type": "i", "direction": "in"}, {"type": "i", "direction": "out"}]


async def test_who_wants_no_answer_gets_none(bus: MessageBus, thing: Exports, other: Other) -> None:
    quiet = Message(str(bus.unique_name), PATH, NAME, "Twice", signature="i", body=[1])
    quiet.flags = MessageFlag.NO_REPLY_EXPECTED
    answers: list[Message] = []
    other.bus.add_message_handler(
        lambda one: answers.append(one) if one.message_type is MessageType.METHOD_RETURN else None
    )
    await other.bus.send(quiet)
    assert await other.ask(str(bus.unique_name), PATH, f"{NAME}.Twice", "i", 2) == 4
    assert len(answers) == 1


async def test_signals_go_to_everyone(bus: MessageBus, thing: Exports, other: Other) -> None:
    heard: list[list[Any]] = []
    other.bus.add_message_handler(lambda one: heard.append(list(one.body)) if one.member == "Changed" else None)
    thing.signal(PATH, "Changed", "s", ["much"])
    await other.ask(str(bus.unique_name), PATH, f"{NAME}.Twice", "i", 1)
    assert heard == [["much"]]
