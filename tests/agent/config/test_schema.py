"""What is said of each setting."""

from __future__ import annotations

import json

from syncagent.agent.config.schema import describe, describe_all
from syncagent.agent.config.settings import Settings


def test_every_setting_is_described_and_can_go_over_the_control_socket() -> None:
    found = {one.key: one.as_dict() for one in describe_all()}
    assert found.keys() == Settings.model_fields.keys()
    json.dumps(found)
    assert {one["type"] for one in found.values()} <= {
        "text", "path", "integer", "number", "boolean", "choice", "rate", "proxy", "list", "table",
    }  # fmt: skip


def test_bounds_choices_and_units_are_said() -> None:
    assert describe("rescan_minutes").as_dict() == {
        "key": "rescan_minutes", "type": "integer", "default": 60, "unit": "minutes", "minimum": 1, "above": None,
        "maximum": 10080, "choices": [], "applies": "live", "scope": "each", "group": "looking", "required": False,
        "why": "", "doc": "how often the whole folder is looked through",
    }  # fmt: skip
    assert describe("brake_share").allowed == "more than 0, 1 at most"
    assert describe("key_store").choices == ("auto", "file", "keyring")
    assert describe("max_up").type == "rate"
    assert (describe("sync_root").type, describe("sync_root").as_dict()["required"]) == ("path", True)
