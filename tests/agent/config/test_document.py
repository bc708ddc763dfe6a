"""config.toml as text: where things are, and what is said of it when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncagent.agent.config.document import document_in, position_of, profile_name
from syncagent.errors import BadConfig

FILE = Path("/data/config.toml")


def test_a_setting_is_found_where_it_is_set_and_not_where_it_is_spoken_of() -> None:
    text = "# name = 1\ndoc = '''\nname = 2\n'''\n  'name' = 3\n"
    assert position_of(text, "name") == (5, 3)
    assert position_of(text, "doc") == (2, 1)
    assert position_of(text, "other") == (1, 1)


def test_what_is_set_in_a_table_is_found_there() -> None:
    text = (
        "name = 1\n[profiles.a]\nname = 2\n[ profiles . 'b' ]  # x\n  name = 3\n"
        "[profiles]\nc.name = 4\nd = {name = 5}\n"
    )
    assert position_of(text, "name") == (1, 1)
    assert position_of(text, "profiles", "a", "name") == (3, 1)
    assert position_of(text, "profiles", "b", "name") == (5, 3)
    assert position_of(text, "profiles", "c", "name") == (7, 1)
    assert position_of(text, "profiles", "d", "name") == (8, 1)
    assert position_of(text, "profiles", "b") == (4, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("profiles = 1\n", r":1:1: profiles: must be tables"),
        ("[profiles]\na = 1\n", r":2:1: profiles.a: must be a table"),
        ("\n[profiles.default]\n", r":2:1: profiles.default: the settings of that profile stand at the top"),
        ("[profiles.all]\n", r":1:1: 'all' cannot be the name of a profile"),
        ('[profiles."a b"]\n', r":1:1: 'a b' cannot be the name of a profile"),
        ("[profiles.a]\n nmae = 1\n", r":2:2: nmae: there is no such setting; did you mean name\?"),
        ("[profiles.a]\nlog_level = 'info'\n", r":2:1: log_level: is for the whole agent; put it at the top"),
        ("[elsewhere]\n", r":1:1: elsewhere: there is no such setting"),
    ],
)
def test_what_is_wrong_with_profiles_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(BadConfig, match=rf"^/data/config\.toml{said}"):
        document_in(text, FILE)


def test_the_profile_without_a_name_has_one_for_people() -> None:
    assert (profile_name("default"), profile_name(""), profile_name("photos-2")) == ("", "", "photos-2")
    for wrong in ("all", "../x", "a/b", "-a", "ä", "x" * 41):
        with pytest.raises(BadConfig, match="cannot be the name"):
            profile_name(wrong)
