"""The agent's page in a real browser, with real agents and a real hub behind it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from syncagent.agent.places import places
from syncagent.control import ControlClient
from tests.e2e.browser import NARROW, SCHEMES, WIDE, browsing, fits, focus_is_on, is_accessible, tab_to, visit
from tests.e2e.machines import HubProcess, Machine, in_sync, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SECTIONS = ("overview", "activity", "conflicts", "held", "trash", "machines", "preferences", "help")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as found:
        yield found


def url_of(machine: Machine) -> str:
    answer = machine.ask("page", "--print")
    assert answer.returncode == 0, answer
    return answer.stdout.strip()


def state_is(page: Page, words: str) -> None:
    expect(page.locator(".state .line")).to_have_text(words)


def asked(machine: Machine) -> list[int]:
    """How many deletes each of the mass changes is about: what is seen later joins what is asked about already."""
    return [act["deleted"] for act in machine.status()["asked"]]


def test_what_another_machine_does_is_seen_as_it_happens(browser: Browser, machines: tuple[Machine, Machine]) -> None:
    anna, bert = machines
    in_sync(anna, bert)
    with visit(browser, url_of(anna)) as page:
        state_is(page, "Everything is in sync")
        assert "key=" not in page.url
        (bert.root / "From Bert.txt").write_text("hello")
        row = page.locator("li", has_text="From Bert.txt").first
        expect(row).to_contain_text("added by bert")
        (bert.root / "\u202egnp.exe").write_text("no picture")
        expect(page.locator("li", has_text="\\u202egnp.exe").first).to_contain_text("added by bert")
        page.locator("#nav").get_by_text("Activity").click()
        page.get_by_label("Machine").select_option("bert")
        expect(page.locator("main li", has_text="From Bert.txt").first).to_be_visible()
        page.get_by_label("Find").fill("no such name")
        expect(page.locator("main")).to_contain_text("Nothing of that kind.")


def test_it_opens_at_the_part_that_was_asked_for(browser: Browser, machines: tuple[Machine, Machine]) -> None:
    anna, _ = machines
    url = ControlClient(places(anna.data).control).call("page", part="held")["url"]
    with visit(browser, url) as page:
        expect(page.locator("#nav a[aria-current=page]")).to_have_attribute("href", "#held")
        assert page.url.endswith("/#held")


def test_by_the_keyboard_alone_one_pauses_and_goes_on(browser: Browser, machines: tuple[Machine, Machine]) -> None:
    anna, _ = machines
    anna.wait()
    with visit(browser, url_of(anna)) as page:
        state_is(page, "Everything is in sync")
        page.keyboard.press("Tab")
        focus_is_on(page, "Skip to content")
        tab_to(page, "Pause…")
        page.keyboard.press("Enter")
        focus_is_on(page, "For 30 minutes")
        page.keyboard.press("Escape")
        focus_is_on(page, "Pause…")
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowUp")
        focus_is_on(page, "Until I resume")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        expect(page.locator(".state .line")).to_contain_text("Paused until")
        assert anna.status()["state"] == "paused"
        tab_to(page, "Resume", "Shift+Tab")
        page.keyboard.press("Enter")
        state_is(page, "Everything is in sync")


def test_a_held_mass_of_deletes_is_decided_and_undone_by_the_keyboard(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, hub: HubProcess
) -> None:
    anna = Machine("anna", tmp_path_factory.mktemp("held"), hub)
    anna.brake = "on"
    anna.start()
    try:
        for number in range(14):
            (anna.root / f"photo {number}.jpg").write_text(str(number))
        anna.wait()
        for photo in anna.root.glob("photo*"):
            photo.unlink()
        until(lambda: asked(anna) == [14], lambda: f"not all of it is asked about: {anna.status()}")
        with visit(browser, url_of(anna)) as page:
            state_is(page, "Waiting for your decision")
            tab_to(page, "Decide")
            page.keyboard.press("Enter")
            expect(page.locator("main h1")).to_have_text("Held changes")
            expect(page.locator("main .card h2").first).to_contain_text("14 files deleted on this machine")
            is_accessible(page)
            tab_to(page, "Delete them")
            page.keyboard.press("Enter")
            focus_is_on(page, "No, go back", "nothing is lost by one key too many")
            page.keyboard.press("Enter")
            tab_to(page, "Keep the files", "Shift+Tab")
            page.keyboard.press("Enter")
            until(lambda: len(list(anna.root.glob("photo*"))) == 14, lambda: "the files did not come back")
            expect(page.locator("main")).to_contain_text("You said no: 14 files deleted")
    finally:
        anna.kill()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_part_is_legible_and_labelled_and_fits(
    browser: Browser, machines: tuple[Machine, Machine], scheme: str
) -> None:
    anna, bert = machines
    (anna.root / "a folder with a name that is rather long for a narrow screen").mkdir()
    (anna.root / ("a-name-without-any-space-in-it-" * 5 + ".txt")).write_text("a")
    in_sync(anna, bert)
    for width in (NARROW, WIDE):
        with visit(browser, url_of(anna), scheme, width) as page:
            state_is(page, "Everything is in sync")
            for section in SECTIONS:
                page.evaluate("(name) => { location.hash = name; }", section)
                expect(page.locator(f'#nav a[href="#{section}"]')).to_have_attribute("aria-current", "page")
                fits(page)
                is_accessible(page)


def test_settings_are_changed_at_their_place_and_what_is_wrong_is_said_there(
    browser: Browser, machines: tuple[Machine, Machine]
) -> None:
    anna, _ = machines
    anna.wait()
    with visit(browser, f"{url_of(anna)}&part=preferences") as page:
        minutes = page.get_by_label("Look through everything every")
        expect(minutes).to_have_value("60")
        for wrong, why in (("0", "greater than or equal to 1"), ("soon", "valid integer")):
            minutes.fill(wrong)
            minutes.press("Enter")
            expect(page.locator("#setting-rescan_minutes-said")).to_contain_text(why)
            expect(minutes).to_have_attribute("aria-invalid", "true")
        is_accessible(page)
        minutes.press("Escape")
        expect(minutes).to_have_value("60")
        expect(minutes).to_have_attribute("aria-invalid", "false")
        minutes.fill("30")
        minutes.press("Enter")
        row = page.locator(".setting", has_text="rescan_minutes")
        expect(row).to_contain_text("set in config.toml")
        assert anna.ask("config", "get", "rescan_minutes").stdout.strip() == "30"
        row.get_by_role("button", name="Set rescan_minutes back").press("Enter")
        expect(row).to_contain_text("as it comes")
        expect(minutes).to_have_value("60")
        page.get_by_label("Send at most").fill("2MB")
        page.get_by_label("Send at most").press("Enter")
        expect(page.get_by_label("Send at most")).to_have_value("2MB")
        until(lambda: anna.status()["limits"]["up"] == 2_000_000, lambda: f"not in force: {anna.status()['limits']}")
        assert anna.ask("config", "set", "rescan_minutes", "45").returncode == 0
        page.reload()
        expect(minutes).to_have_value("45")
        expect(page.get_by_role("textbox", name="Folder", exact=True)).to_be_disabled()


def test_nothing_moves_under_the_hand_while_news_come(browser: Browser, machines: tuple[Machine, Machine]) -> None:
    anna, bert = machines
    in_sync(anna, bert)
    with visit(browser, url_of(anna)) as page:
        state_is(page, "Everything is in sync")
        expect(page.get_by_role("button", name="Sync now")).to_be_visible()  # what can be asked for comes by itself
        page.evaluate(
            """() => {
              window.moved = [];
              new PerformanceObserver((list) => {
                for (const entry of list.getEntries())
                  for (const source of entry.sources)
                    if (source.node?.closest?.(".state, .side")) window.moved.push(source.node.outerHTML.slice(0, 200));
              }).observe({ type: "layout-shift" });
            }"""
        )
        for number in range(30):
            (anna.root / f"note {number}").write_bytes(b"n" * 50_000)
        expect(page.locator(".rows")).to_contain_text(["note"])
        anna.wait()
        state_is(page, "Everything is in sync")
        assert page.evaluate("window.moved") == []


def test_the_link_for_another_machine_is_shown_when_asked_for(
    browser: Browser, machines: tuple[Machine, Machine]
) -> None:
    anna, _ = machines
    with visit(browser, url_of(anna)) as page:
        page.locator("#nav").get_by_text("Add a machine").click()
        assert anna.key not in page.content()
        page.get_by_role("button", name="Show the link").click()
        expect(page.get_by_label("Link")).to_have_value(f"syncagent://127.0.0.1:{anna.hub.port}/default?key={anna.key}")
        expect(page.locator("main")).to_contain_text("another one does not reach it")
        page.get_by_role("button", name="Hide the link").click()
        assert anna.key not in page.content()


@pytest.mark.hazard("G8")
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be someone else for a while")
def test_another_user_of_the_machine_gets_nothing_even_with_a_ticket(machines: tuple[Machine, Machine]) -> None:
    anna, _ = machines
    url = url_of(anna)
    curl = shutil.which("curl") or pytest.skip("needs curl: a program that other users may run")

    def asked_by(uid: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run([curl, "--silent", "--fail", url], capture_output=True, text=True, user=uid, cwd="/")

    stranger = asked_by(65534)
    assert stranger.returncode in (52, 56), "an empty reply, or none"
    assert stranger.stdout == ""
    assert "#key=" in asked_by(0).stdout, "the ticket was not spent by that"


def test_a_page_whose_agent_stops_says_so_and_goes_on_with_none_of_its_secrets(
    browser: Browser, machines: tuple[Machine, Machine]
) -> None:
    anna, _ = machines
    anna.wait()
    url = url_of(anna)
    with visit(browser, url) as page:
        state_is(page, "Everything is in sync")
        with browser.new_context() as other:
            late = other.new_page()
            late.goto(url)
            expect(late.locator("h1")).to_have_text("This page is closed")
    context = browser.new_context()
    page = context.new_page()
    page.goto(url_of(anna))
    state_is(page, "Everything is in sync")
    assert anna.ask("stop").returncode == 0
    state_is(page, "The agent does not answer")
    context.close()
