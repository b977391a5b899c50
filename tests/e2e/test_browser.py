"""The chat page in a real browser, over the running demo: what a newcomer does in the first minutes."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import expect

from sandbox.picture import paint
from tests.e2e.browser import CHROMIUM, PHONE, WIDE, Visitor, running_browser, running_demo

pytestmark = [
    pytest.mark.wire,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium, or CHROMIUM=/path/to/it"),
]

SCREENSHOTS = os.environ.get("SCREENSHOTS")
HOSTILE = "<img src=x onerror=window.hacked=1>"
TURNED = "tune \u202egpj.mp3"
LONG = "л" * 125 + ".epub"  # 255 bytes of UTF-8


@pytest.fixture(scope="module")
def facts():
    """The demo, and what it announced; one for all tests, as one is for all visitors."""
    with running_demo() as announced:
        yield announced


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests."""
    with running_browser() as running:
        yield running


@pytest.fixture
def visit(browser, facts):
    """Open a window; it must load nothing from elsewhere and its scripts must not fail."""
    opened = []

    def open_window(role="reader", chat="bot", **options):
        context = browser.new_context(**{"viewport": WIDE, "timezone_id": "UTC", "locale": "en-GB"} | options)
        visitor = Visitor(context, facts)
        opened.append((context, visitor))
        return visitor.open(role, chat)

    yield open_window
    for context, visitor in opened:
        assert visitor.errors == []
        assert visitor.asked_elsewhere == []
        context.close()


def shoot(visitor, name):
    """Keep a picture of the page, when pictures are asked for."""
    if SCREENSHOTS:
        visitor.page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png")


def test_a_newcomer_searches_turns_the_page_and_fetches_a_file(visit):
    """The first minute: a suggestion is pressed, results are turned, a file comes and is downloaded with its bytes."""
    reader = visit()
    reader.page.locator(".suggestion", has_text="/start").click()
    expect(reader.newest).to_contain_text("/help")

    found = reader.search("nosferatu")
    expect(found).to_contain_text("1–10 of 12")
    shoot(reader, "reader-desktop")
    reader.key(found, "›").click()
    expect(found).to_contain_text("11–12 of 12")

    found = reader.search("maxsize:2MB type:document sherlock")
    label = found.locator(".key").first.inner_text()
    found.locator(".key").first.click()
    file = reader.files.last
    expect(file).to_be_visible()
    name, data = reader.download(file)
    assert name.endswith((".epub", ".txt", ".fb2", ".pdf"))
    assert 0 < len(data) <= 2 * 1024 * 1024
    assert file.locator(".facts").inner_text() in label


def test_a_page_is_sent_whole_and_shows_its_progress(visit):
    """A premium reader presses "Send all": the files come, and one message counts them to the end."""
    premium = visit("premium")
    before = premium.files.count()
    found = premium.search("nosferatu")
    premium.key(found, "Send all").click()
    expect(premium.page.locator("#messages")).to_contain_text(re.compile(r"Sent 10|10 files"))
    expect(premium.files).to_have_count(before + 10)


def test_a_used_up_quota_is_told_and_midnight_brings_it_back(visit):
    """Ten files a day are free; the panel's clock jumps to the next day, and the same press works again."""
    reader = visit()
    found = reader.search("nosferatu")
    reader.key(found, "Send all").click()
    expect(reader.page.locator("#messages")).to_contain_text(re.compile(r"Sent \d"))
    count = reader.files.count()

    found = reader.search("metropolis")
    found.locator(".key").first.click()
    expect(
        reader.page.locator("#alert-text, .toast, #messages article:last-child")
        .filter(has_text=re.compile("limit|today|10 files", re.IGNORECASE))
        .first
    ).to_be_visible()
    assert reader.files.count() == count
    if reader.page.locator("#alert").is_visible():
        reader.page.locator("#alert-close").click()

    reader.trouble("midnight")
    expect(reader.page.locator("#state-time")).to_contain_text("00:00:")
    found = reader.search("metropolis")
    found.locator(".key").first.click()
    expect(reader.files.last).to_contain_text("Metropolis")


def test_a_dropped_file_is_indexed_found_and_has_the_same_bytes(visit):
    """What the admin drops into the channel is what a reader finds and downloads."""
    data = bytes(range(256)) * 100
    admin = visit("admin", "channel")
    admin.drop(("Voyage.to.Nowhere.1901.mkv", "video/x-matroska", data))
    expect(admin.newest).to_contain_text("Voyage.to.Nowhere.1901.mkv")
    shoot(admin, "admin-desktop")

    admin.become("premium")
    admin.go("bot")
    admin.find("voyage nowhere 1901", "Voyage").click()
    file = admin.files.last
    expect(file).to_contain_text("Voyage.to.Nowhere.1901.mkv")
    assert admin.download(file) == ("Voyage.to.Nowhere.1901.mkv", data)

    admin.become("admin")
    admin.go("channel")
    admin.newest.hover()
    admin.newest.get_by_label("Change").click()
    admin.page.locator("#text").fill("A quiet crossing")
    admin.page.keyboard.press("Enter")
    expect(admin.newest).to_contain_text("edited")
    admin.become("premium")
    admin.go("bot")
    admin.find("quiet crossing", "Voyage")


def test_inline_results_are_chosen_with_the_keyboard(visit, facts):
    """`@bot words` in the group lists files; arrow and Enter send one, and the group sees it come through the bot."""
    premium, reader = visit("premium", "group"), visit("reader", "group")
    premium.page.locator("#text").press_sequentially(f"@{facts['bot']['username']} nosferatu")
    expect(premium.page.locator(".option").first).to_contain_text("Nosferatu")
    premium.page.keyboard.press("ArrowDown")
    premium.page.keyboard.press("Enter")
    expect(reader.newest).to_contain_text(f"via @{facts['bot']['username']}")
    expect(reader.newest.locator(".file")).to_contain_text("Nosferatu")


def test_a_press_in_the_group_leads_into_the_private_chat(visit, facts):
    """A reader asks the bot in the group; the pressed file comes in the private chat, which the page opens."""
    reader = visit("reader", "group")
    found = reader.search(f"@{facts['bot']['username']} metropolis")
    shoot(reader, "group-desktop")
    found.locator(".key").first.click()
    expect(reader.page.locator("#head")).to_contain_text("File Filter Bot")
    expect(reader.files.last).to_contain_text(re.compile("metropolis", re.IGNORECASE))


def test_others_see_albums_pictures_and_deletions_as_they_happen(visit):
    """Two pictures dropped into the group stand together in the other's window, are shown, and go when deleted."""
    premium, reader = visit("premium", "group"), visit("reader", "group")
    premium.drop(("one.png", "image/png", paint("one")), ("two.png", "image/png", paint("two")))
    album = reader.page.locator("#messages li.album").last
    expect(album.locator("img.photo")).to_have_count(2)
    expect(album.locator("img.photo").first).to_have_js_property("naturalWidth", 320)

    newest = premium.newest
    newest.hover()
    newest.get_by_label("Delete").click()
    expect(album.locator("img.photo")).to_have_count(1)


def test_commands_are_offered_and_taken_with_the_keyboard(visit):
    """A slash lists what the bot understands; the admin is offered more than a reader."""
    reader, admin = visit(), visit("admin")
    for person in (reader, admin):
        person.page.locator("#text").press_sequentially("/")
        expect(person.page.locator(".option").first).to_be_visible()
    assert reader.page.locator(".option").count() < admin.page.locator(".option").count()
    expect(admin.say("/stats")).to_contain_text(re.compile(r"Videos: [1-9]"))

    reader.page.locator("#text").press_sequentially("hel")
    reader.page.keyboard.press("Enter")
    expect(reader.page.locator("#messages article.own").last).to_contain_text("/help")
    expect(reader.page.locator("#popup")).to_be_hidden()


def test_hostile_names_are_text_everywhere(visit, facts):
    """Markup, a character that turns the text around, and 255 bytes: shown as text in every place, and nothing runs."""
    admin = visit("admin", "channel")
    admin.drop((f"Zorblatt {HOSTILE}.mkv", "video/x-matroska", b"1" * 2000))
    expect(admin.newest).to_contain_text(HOSTILE)
    admin.drop((f"Zorblatt {TURNED}", "audio/mpeg", b"2" * 2000))
    expect(admin.newest.locator(".name")).to_have_text("Zorblatt tune ‹U+202E›gpj.mp3")
    admin.drop(("قائمة zorblatt الكتب.pdf", "application/pdf", b"4" * 2000))
    assert admin.newest.locator(".name").evaluate("name => getComputedStyle(name).direction") == "rtl"
    admin.drop((LONG, "application/epub+zip", b"3" * 2000))
    expect(admin.newest.locator(".name")).to_have_text(LONG)

    reader = visit("premium")
    reader.find("zorblatt", "img").click()
    expect(reader.files.last).to_contain_text(HOSTILE)
    reader.say(f"/nonsense {HOSTILE} \u202egpj")
    expect(reader.page.locator("#messages article.own").last).to_contain_text("‹U+202E›gpj")
    reader.page.locator("#text").fill(f"@{facts['bot']['username']} zorblatt")
    expect(
        reader.page.locator(".option").filter(has_text="‹U+202E›").or_(reader.page.locator(".option")).first
    ).to_be_visible()

    for person in (admin, reader):
        assert person.page.evaluate("window.hacked") is None
        assert person.page.locator("#messages img:not(.photo), #chats img, #popup img").count() == 0
        assert person.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_stopped_database_is_told_and_found_again(visit):
    """The panel stops the database: the bot says so and /health fails; restored, the next search finds files."""
    reader = visit("premium")
    reader.trouble("database_stop")
    expect(reader.page.locator("#health")).to_contain_text("503")
    answer = reader.say("phantom carriage").locator(".text")
    expect(answer).to_contain_text(re.compile("database|moment|later", re.IGNORECASE))
    reader.trouble("database_restore")
    expect(reader.page.locator("#health")).to_contain_text("200")
    reader.find("phantom carriage 1921", "1921")
    expect(reader.page.locator("#log")).to_contain_text("health_changed")


@pytest.mark.parametrize("act", ["flood_wait", "cut", "redis_stop", "redis_stall"])
def test_a_search_survives_each_trouble(visit, act):
    """Whatever the panel does to Telegram or to Redis, an answer comes."""
    reader = visit("premium")
    reader.trouble(act)
    reader.search("fantomas")
    reader.trouble("redis_restore")
    expect(reader.page.locator("#state-redis")).to_have_text("up")


def test_a_stalled_database_is_told_within_seconds(visit):
    """A database that does not answer is not waited for; restored, the next search finds files."""
    reader = visit("premium")
    reader.trouble("database_stall")
    expect(reader.say("hillbillies").locator(".text")).to_contain_text("moment")
    reader.trouble("database_restore")
    expect(reader.page.locator("#health")).to_contain_text("200 ok")
    reader.find("hillbillies", "Hillbillies")


def test_the_bot_restarts_and_the_page_goes_on(visit):
    """The bot is stopped and started: the page comes back by itself, with what was said, and is answered again."""
    reader = visit("premium")
    reader.search("fantomas")
    said = reader.page.locator("#messages article").count()
    reader.trouble("restart")
    expect(reader.page.locator("#offline")).to_be_visible()
    expect(reader.page.locator("#offline")).to_be_hidden()
    expect(reader.page.locator("#log")).to_contain_text("shutdown_finished")
    expect(reader.page.locator("#messages article")).to_have_count(said)
    expect(reader.page.locator("#state-bot")).to_have_text("connected")
    reader.search("metropolis")


def test_the_page_fits_a_phone_in_the_dark(visit):
    """On a phone's width one sees one thing at a time, nothing is cut off, and dark is dark."""
    for role, chat in (("reader", "bot"), ("admin", "channel"), ("premium", "group")):
        phone = visit(role, chat, viewport=PHONE, color_scheme="dark", has_touch=True)
        page = phone.page
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(14, 20, 27)"
        shoot(phone, f"{'group' if chat == 'group' else role}-phone")
        page.locator("#back").tap()
        expect(page.locator("#people")).to_be_visible()
        expect(page.locator("#messages")).to_be_hidden()
        page.locator(".chat").first.tap()
        expect(page.locator("#messages")).to_be_visible()
        page.locator("#panel-toggle").tap()
        expect(page.locator("#health")).to_contain_text("200")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_draft_waits_in_its_chat(visit):
    """What was typed is there after a look at a chat without a text field, as high as it was, and after a restart."""
    reader = visit("reader", "group")
    reader.page.locator("#text").fill("one\ntwo\nthree")
    tall = reader.page.locator("#text").bounding_box()["height"]
    reader.go("channel")
    expect(reader.page.locator("#composer")).to_be_hidden()
    reader.go("bot")
    expect(reader.page.locator("#text")).to_have_value("")
    assert 30 < reader.page.locator("#text").bounding_box()["height"] < tall
    reader.go("group")
    expect(reader.page.locator("#text")).to_have_value("one\ntwo\nthree")
    assert reader.page.locator("#text").bounding_box()["height"] == tall

    reader.trouble("restart")
    expect(reader.page.locator("#offline")).to_be_visible()
    reader.become("premium")
    expect(reader.page.locator("#offline")).to_be_hidden()
    expect(reader.page.locator("#text")).to_have_value("")
    reader.become("reader")
    expect(reader.page.locator("#text")).to_have_value("one\ntwo\nthree")


def test_the_page_survives_restarts_while_a_store_stalls(visit):
    """A bot that ends slowly and starts without its database keeps no page waiting, whichever store is stalled."""
    reader = visit("premium")
    for store in ("database", "redis"):
        reader.trouble(f"{store}_stall")
        reader.trouble("restart")
        expect(reader.page.locator("#offline")).to_be_visible()
        expect(reader.page.locator("#offline")).to_be_hidden()
        expect(reader.page.locator("#state-bot")).to_have_text("connected")
        reader.trouble(f"{store}_restore")
        expect(reader.page.locator("#health")).to_have_text("200 ok")
        reader.search("fantomas")


def test_no_button_is_offered_that_would_be_refused(visit):
    """A reader of the channel can neither answer nor delete there, and a dropped file does not replace the page."""
    reader = visit("reader", "channel")
    expect(reader.newest).to_be_visible()
    assert reader.newest.locator(".tool").count() == 0
    kept = reader.page.evaluate(
        """() => ["dragover", "drop"].map((kind) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File(["x"], "a.txt"));
            const event = new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true });
            document.getElementById("messages").dispatchEvent(event);
            return event.defaultPrevented;
        })"""
    )
    assert kept == [True, True]
    expect(reader.page.locator(".toast")).to_contain_text("where you may write")


def test_pages_are_turned_with_the_keyboard_alone(visit):
    """The focus stays at the button that was pressed, though the message is another one now."""
    premium = visit("premium")
    found = premium.search("nosferatu")
    premium.key(found, "›").focus()
    premium.page.keyboard.press("Enter")
    expect(found).to_contain_text("11–1")
    expect(found.locator(".key:focus")).to_have_count(1)
    other = visit("premium")
    premium.page.locator(".chat").first.focus()
    other.say("said in another window")
    expect(premium.page.locator("#messages")).to_contain_text("said in another window")
    expect(premium.page.locator(".chat:focus")).to_have_count(1)


def test_many_windows_are_open_at_once(visit):
    """Windows that nobody sees hold no connection, of which a browser has six; seen again they show what was missed."""
    first = visit("premium")
    for _ in range(6):
        first.look_away()
        window = Visitor(first.page.context, first.facts).open("premium")
        window.look_away()
    first.look_away(back=True)
    first.search("metropolis")


def test_gigabytes_and_foreign_sites_are_asked_about_first(visit):
    """A click on a large file or on a link out of the demo asks, one question at a time; Escape lets it be."""
    premium = visit("premium")
    premium.search("metropolis 1927 1080p").locator(".key").first.click()
    expect(premium.files.last).to_contain_text("1080p")
    premium.files.last.click()
    alert = premium.page.locator("#alert-text")
    expect(alert).to_contain_text("GB")
    premium.page.keyboard.press("Escape")

    premium.say("http://[x https://a.example/ @demo_friends")
    links = premium.page.locator("#messages article.own").last.locator(".link")
    links.nth(0).click()
    expect(premium.page.locator(".toast.error")).to_contain_text("This is no address")
    links.nth(1).evaluate("link => { link.click(); link.click(); }")
    for _ in range(2):
        expect(alert).to_contain_text("Leave the demo for https://a.example/")
        premium.page.keyboard.press("Escape")
    expect(alert).to_be_hidden()
    links.nth(2).click()
    expect(premium.page.locator("#head")).to_contain_text("Library Friends")
