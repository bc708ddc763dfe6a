"""The settings as they are declared."""

from __future__ import annotations

from syncagent.agent.config.settings import GROUPS, Scope, Settings, about, default_of, keys_of


def test_every_setting_has_a_description() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_every_setting_says_how_a_change_of_it_takes_effect_and_where_it_belongs() -> None:
    for key in Settings.model_fields:
        assert about(key).group in GROUPS, f"{key}: About(group, applies) is wanted in its Annotated"


def test_what_is_about_one_folder_is_its_own_and_the_log_is_for_all() -> None:
    assert keys_of(Scope.OWN) >= {"sync_root", "server", "folder", "fingerprint", "listen"}
    assert keys_of(Scope.WHOLE) >= {"log_level", "log_format"}


def test_only_what_somebody_must_say_has_no_default() -> None:
    assert {key for key in Settings.model_fields if default_of(key) is None} == {"sync_root", "server"}
