"""The chat page of the demo, driven as a person drives it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Locator, Page

ROOT = Path(__file__).parents[2]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
PATIENCE_MS = 15_000
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 780}

expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def running_browser() -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def running_demo() -> Iterator[dict[str, Any]]:
    """`python bot.py --demo` on free ports; gives its facts, those lines for people under "lines"."""
    command = (sys.executable, "bot.py", "--demo", "--port", "0", "--datacenter-port", "0")
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            yield _facts(process)
        finally:
            process.terminate()
            process.communicate(timeout=15)


def _facts(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(b"{"):
            return json.loads(line)
    raise AssertionError("the demo ended before it was ready")


class Visitor:
    """One window of the page; what it asks of other places, and errors of its scripts, are kept."""

    def __init__(self, context: BrowserContext, facts: dict[str, Any]) -> None:
        self.page: Page = context.new_page()
        self.facts = facts
        self.errors: list[str] = []
        self.asked_elsewhere: list[str] = []
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._on_request)

    def open(self, role: str = "reader", chat: str = "bot") -> Visitor:
        """Be a person, in a chat: "bot", "group" or "channel"."""
        self.page.goto(f"{self.facts['http']}/#{role}/{self.facts[chat]['id']}")
        expect(self.page.locator(f'.person[data-role="{role}"][aria-pressed="true"]')).to_be_attached()
        expect(self.page.locator(f'.chat[data-chat="{self.facts[chat]["id"]}"]')).to_have_attribute(
            "aria-current", "true"
        )
        return self

    def become(self, role: str) -> None:
        """Switch to another person."""
        self.page.locator(f'.person[data-role="{role}"]').click()
        expect(self.page.locator(f'.person[data-role="{role}"]')).to_have_attribute("aria-pressed", "true")

    def go(self, chat: str) -> None:
        """Open another chat."""
        entry = self.page.locator(f'.chat[data-chat="{self.facts[chat]["id"]}"]')
        entry.click()
        expect(entry).to_have_attribute("aria-current", "true")

    def say(self, text: str) -> Locator:
        """Write a message; the first one after it, which may still have to come."""
        own = self.page.locator("#messages article.own").last
        before = own.get_attribute("data-id") if own.count() else "none"
        self.page.locator("#text").fill(text)
        self.page.keyboard.press("Enter")
        expect(own).not_to_have_attribute("data-id", before or "")
        expect(own).to_contain_text(text[:40])
        item = f'#messages li:has(> article[data-id="{own.get_attribute("data-id")}"])'
        return self.page.locator(f"{item} ~ li article").first

    @property
    def newest(self) -> Locator:
        """The newest message."""
        return self.page.locator("#messages article").last

    def search(self, words: str) -> Locator:
        """Ask for files; the page of results."""
        answer = self.say(words)
        expect(answer.locator(".key").first).to_be_visible()
        return answer

    def find(self, words: str, label: str) -> Locator:
        """Ask until a button with `label` comes, as for what was posted a moment ago; that button."""
        for _ in range(20):
            answer = self.say(words)
            expect(answer).to_be_visible()
            if self.key(answer, label).count():
                return self.key(answer, label)
        raise AssertionError(f"{words!r} never found {label!r}")

    @property
    def files(self) -> Locator:
        """Files in the chat, not the person's own."""
        return self.page.locator("#messages article:not(.own) .file")

    def key(self, answer: Locator, text: str) -> Locator:
        """A button below a message, by what is in it."""
        return answer.locator(".key").filter(has_text=text).first

    def trouble(self, act: str) -> None:
        """Press a button of the panel, which is opened when it is not."""
        if self.page.locator("#panel").is_hidden():
            self.page.locator("#panel-toggle").click()
        self.page.locator(f'[data-act="{act}"]').click()

    def look_away(self, *, back: bool = False) -> None:
        """Make the page believe that nobody sees it, as behind another window; or, `back`, that somebody does again."""
        self.page.evaluate(
            """hidden => {
                Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
                document.dispatchEvent(new Event("visibilitychange"));
            }""",
            not back,
        )

    def drop(self, *files: tuple[str, str, bytes]) -> None:
        """Drop files (name, type, bytes) onto the conversation, and send them as they are offered."""
        transfer = self.page.evaluate_handle(
            """files => {
                const transfer = new DataTransfer();
                for (const [name, type, bytes] of files) {
                    transfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
                }
                return transfer;
            }""",
            [[name, kind, list(data)] for name, kind, data in files],
        )
        for event in ("dragenter", "dragover", "drop"):
            self.page.dispatch_event("#messages", event, {"dataTransfer": transfer})
        self.page.locator("#posting-send").click()
        expect(self.page.locator("#posting")).to_be_hidden()

    def download(self, link: Locator) -> tuple[str, bytes]:
        """Name and bytes of a file that is downloaded."""
        with self.page.expect_download() as started:
            link.click()
        return started.value.suggested_filename, Path(started.value.path()).read_bytes()

    def _on_request(self, request: Any) -> None:
        if not request.url.startswith((self.facts["http"], "blob:", "data:")):
            self.asked_elsewhere.append(request.url)
