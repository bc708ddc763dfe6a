"""Conflicts, the trash and several folders, in a real browser, with real agents and a real hub behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from syncagent.agent.places import places
from syncagent.control import ControlClient
from tests.e2e.browser import NARROW, SCHEMES, browsing, fits, focus_is_on, is_accessible, tab_to, visit
from tests.e2e.machines import HubProcess, Machine, copies, in_sync, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

BASE = "".join(f"line {number}\n" for number in range(30))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as found:
        yield found


def url_of(machine: Machine, *arguments: str) -> str:
    answer = machine.ask("page", "--print", *arguments)
    assert answer.returncode == 0, answer
    return answer.stdout.strip()


def go_to(page: Page, part: str) -> None:
    page.locator(f'#nav a[href="#{part}"]').click()


def clash(anna: Machine, bert: Machine, name: str, first: str, second: str) -> None:
    """Both write it while they do not hear of each other; anna's steps aside."""
    assert anna.ask("pause").returncode == 0
    (bert.root / name).write_text(second)
    bert.wait()
    (anna.root / name).write_text(first)
    assert anna.ask("resume").returncode == 0
    in_sync(anna, bert)
    until(lambda: copies(anna.root), lambda: f"no conflict: {anna.tree()}")


def test_two_versions_are_compared_and_merged_by_the_keyboard(
    browser: Browser, machines: tuple[Machine, Machine]
) -> None:
    anna, bert = machines
    (anna.root / "list.txt").write_text(BASE)
    in_sync(anna, bert)
    clash(anna, bert, "list.txt", BASE.replace("line 3\n", "mine\n"), BASE + "theirs\n")
    with visit(browser, f"{url_of(anna)}&part=conflicts") as page:
        expect(page.locator("main .card h2")).to_have_text("list.txt")
        tab_to(page, "Compare")
        page.keyboard.press("Enter")
        differences = page.get_by_role("group", name="Differences in list.txt")
        expect(differences).to_contain_text("+mine")
        expect(differences).to_contain_text("-theirs")
        focus_is_on(page, "Compare")
        is_accessible(page)
        page.keyboard.press("Enter")
        expect(differences).to_be_hidden()
        page.keyboard.press("Enter")
        expect(differences).to_be_visible()
        tab_to(page, "Merge…")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Compare")).to_have_attribute("aria-expanded", "false")
        focus_is_on(page, "Merge…")
        expect(page.locator(".panel")).to_contain_text("Each machine has changed other lines.")
        is_accessible(page)
        tab_to(page, "Leave it")
        page.keyboard.press("Enter")
        focus_is_on(page, "Merge…")
        assert copies(anna.root), "nothing was done"
        page.keyboard.press("Enter")
        tab_to(page, "Take it")
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text("No conflicts.")
        assert page.evaluate("document.activeElement !== document.body"), "who works by the keyboard is somewhere"
    in_sync(anna, bert)
    merged = BASE.replace("line 3\n", "mine\n") + "theirs\n"
    assert (anna.root / "list.txt").read_text() == (bert.root / "list.txt").read_text() == merged
    assert copies(bert.root) == []


def test_what_cannot_be_merged_by_itself_says_why_and_what_to_type(
    browser: Browser, machines: tuple[Machine, Machine]
) -> None:
    anna, bert = machines
    (anna.root / "list.txt").write_text(BASE)
    in_sync(anna, bert)
    clash(anna, bert, "list.txt", BASE.replace("line 3\n", "mine\n"), BASE.replace("line 3\n", "theirs\n"))
    with visit(browser, f"{url_of(anna)}&part=conflicts") as page:
        page.get_by_role("button", name="Merge…").click()
        expect(page.locator(".panel")).to_contain_text("Both have changed the same lines, in 1 place")
        expect(page.locator(".panel code")).to_contain_text("syncagent conflicts merge 'list (conflict ")
        is_accessible(page)
    assert anna.ask("conflicts", "keep", str(anna.root / "list.txt"), "theirs").returncode == 0
    in_sync(anna, bert)
    clash(anna, bert, "picture.bin", "\0mine", "\0theirs")
    with visit(browser, f"{url_of(anna)}&part=conflicts") as page:
        page.get_by_role("button", name="Compare").click()
        expect(page.locator(".panel")).to_contain_text("They are no texts")
        page.get_by_role("button", name="Keep mine").click()
        expect(page.locator("main")).to_contain_text("No conflicts.")
    until(lambda: (anna.root / "picture.bin").read_text() == "\0mine", lambda: f"not kept: {anna.tree()}")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_was_deleted_elsewhere_is_put_back_and_the_trash_emptied_by_the_keyboard(
    browser: Browser, machines: tuple[Machine, Machine], scheme: str
) -> None:
    anna, bert = machines
    (anna.root / "Letters").mkdir()
    for name in ("Letters/to the bank.txt", "old.txt"):
        (anna.root / name).write_text(name)
    in_sync(anna, bert)
    with visit(browser, f"{url_of(anna)}&part=trash", scheme, NARROW) as page:
        expect(page.locator("main")).to_contain_text("The trash is empty.")
        for name in ("Letters/to the bank.txt", "old.txt"):
            (bert.root / name).unlink()
        in_sync(bert, anna)
        row = page.locator("main li", has_text="to the bank.txt")
        expect(row).to_contain_text("deleted by bert")
        expect(row).to_contain_text("in Letters")
        fits(page)
        is_accessible(page)
        tab_to(page, "Put back Letters/to the bank.txt")
        page.keyboard.press("Enter")
        expect(page.locator(".toast")).to_have_text("Put back: Letters/to the bank.txt")
        expect(page.locator("main li")).to_have_count(1)
        in_sync(anna, bert)
        assert (bert.root / "Letters" / "to the bank.txt").read_text() == "Letters/to the bank.txt"
        tab_to(page, "Empty the trash…")
        page.keyboard.press("Enter")
        focus_is_on(page, "No, go back", "nothing is lost by one key too many")
        page.keyboard.press("Enter")
        focus_is_on(page, "Empty the trash…")
        page.keyboard.press("Enter")
        tab_to(page, "Yes, remove it all for good", "Shift+Tab")
        is_accessible(page)
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text("The trash is empty.")
    assert "the trash is empty" in anna.ask("trash", "list").stdout


def test_what_was_before_the_page_was_opened_is_in_its_activity(
    browser: Browser, machines: tuple[Machine, Machine]
) -> None:
    anna, bert = machines
    for number in range(40):
        (bert.root / f"note {number}").write_text("n")
    in_sync(bert, anna)
    with visit(browser, f"{url_of(anna)}&part=activity") as page:
        expect(page.locator("main li", has_text="added by bert")).to_have_count(40)


def test_from_the_page_of_one_folder_to_that_of_another(browser: Browser, tmp_path: Path) -> None:
    anna = Machine("anna", tmp_path, HubProcess(tmp_path))
    other = tmp_path / "Pictures"
    up = ("up", str(anna.root), "--listen", f"127.0.0.1:{anna.hub.port}", "--name", "anna", "--background")
    try:
        assert anna.ask(*up).returncode == 0
        link = str(ControlClient(places(anna.data).control).call("invite")["link"])
        assert anna.ask("join", link, str(other), "--profile", "pictures").returncode == 0
        (other / "sunset.jpg").write_text("red")
        assert anna.ask("wait", "--profile", "pictures").returncode == 0
        (unnamed,) = {
            one["profile"] for one in ControlClient(places(anna.data).control).call("profiles")["profiles"]
        } - {"pictures"}
        with visit(browser, url_of(anna, "--profile", unnamed)) as page:
            selector = page.get_by_label("This page is about")
            expect(selector).to_have_value(unnamed)
            expect(page.locator("main")).to_contain_text(str(anna.root))
            selector.focus()
            selector.select_option("pictures")
            expect(page.locator("main")).to_contain_text(str(other))
            expect(page.get_by_label("This page is about")).to_have_value("pictures")
            go_to(page, "activity")
            expect(page.locator("main li", has_text="sunset.jpg").first).to_be_visible()
            is_accessible(page)
    finally:
        anna.ask("stop")
