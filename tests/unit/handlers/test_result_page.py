"""A page of results as text and buttons: what it says, and Telegram's limits whatever it shows."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from core.domain.media import ListedFile, MediaKind, ReleaseMetadata
from core.domain.search import Facets, Narrowing, ResultPage, SearchSession, SearchWindow
from core.telegram.html_entities import html_to_entities, utf16_length
from core.text.catalog import Catalogue
from core.text.pseudo_locale import PSEUDO_LANGUAGE
from handlers.buttons import FetchFile, Narrow, OpenOwn, SearchFor, SendAll, SendNarrowed, TurnPage
from handlers.callback_data import CallbackData
from handlers.result_page import Surroundings, render_page

SESSION = "0123456789abcdef"
CATALOGUE = Catalogue()
ENGLISH = CATALOGUE.for_language("en")
GIB = 1 << 30


def listed(number, name="Film.mkv", size=GIB, kind=MediaKind.VIDEO, **metadata):
    return ListedFile(number, name, size, kind, ReleaseMetadata(**metadata) if metadata else None)


def page_of(files, *, query="film", window=None, number=1, pages=1, first_index=0, **more):
    window = window or SearchWindow(tuple(file.id for file in files), len(files), total_is_exact=True)
    return ResultPage(SearchSession(SESSION, 7, query, window), number, pages, first_index, files, **more)


def window_of(total, *, exact=True, **more):
    return SearchWindow(tuple(range(1, min(total, 200) + 1)), total, exact, **more)


def labels(keyboard):
    return [[button.text for button in row] for row in keyboard]


def text_of(page, around=None, texts=ENGLISH):
    rendered, _ = render_page(page, texts, around or Surroundings())
    return html_to_entities(rendered)[0]


FILES = [listed(number, f"Film {number}.mkv") for number in range(1, 11)]


def test_a_page_names_the_words_and_its_place_among_all():
    """The first line is what was typed, the second the place among all matches, as sure as it is known."""
    sure = page_of(FILES, window=window_of(1234), pages=124, query="<b>film</b>")
    assert text_of(sure) == "<b>film</b>\n1–10 of 1,234"
    bound = page_of(FILES, window=window_of(1000, exact=False), pages=20, has_more=True)
    assert text_of(bound) == "film\n1–10 of over 1,000"
    partial = page_of(FILES, window=window_of(30, exact=False, is_partial=True), pages=3, is_partial=True)
    assert text_of(partial).splitlines()[1] == "1–10 of at least 30"
    assert "does not answer" in text_of(partial)


def test_a_page_behind_the_total_that_was_counted_never_contradicts_itself():
    """Files deep behind the bound are never shown as "1,191–1,200 of over 1,000"."""
    page = page_of(FILES, window=window_of(1000, exact=False), number=120, pages=120, first_index=1190, has_more=True)

    assert text_of(page) == "film\n1,191–1,200 of over 1,200"


def test_a_correction_is_told_with_what_was_typed():
    """Whoever typed a word that finds nothing sees for what was searched instead."""
    page = page_of(FILES, query="flim <i>", window=window_of(10, corrected="film <i>"))

    assert text_of(page).splitlines()[:2] == ["Showing results for film <i>", "Nothing was found for flim <i>."]


def test_nothing_found_offers_what_would_be():
    """Without a file the page offers other texts as buttons; without those it points to the help."""
    nothing = page_of([], window=SearchWindow((), 0, total_is_exact=True))
    assert render_page(nothing, ENGLISH)[1] is None
    assert "/search_help" in text_of(nothing)

    offered = replace(nothing, suggestions=("film noir", "x" * 300))
    rendered, keyboard = render_page(offered, ENGLISH, Surroundings(suggestion_list=SESSION))
    assert "Did you mean" in rendered
    assert [button.data for row in keyboard for button in row] == [
        SearchFor(SESSION, number).pack() for number in (1, 2)
    ]
    assert keyboard[0][0].text == "🔎 film noir"


def test_nothing_found_in_a_part_of_the_library_is_no_verdict():
    """Scenario 56: while a database is away, an empty page says so and gives no advice."""
    nothing = page_of([], window=SearchWindow((), 0, total_is_exact=False, is_partial=True), is_partial=True)

    assert "does not answer" in text_of(nothing)
    assert "/search_help" not in text_of(nothing)


def test_versions_of_one_title_stand_together():
    """The first of a title has a row of its own, the others short buttons in rows of three, all different."""
    versions = [
        listed(1, "Film.1922.2160p.mkv", 4 * GIB, quality="2160p"),
        listed(2, "Film.1922.1080p.mkv", 2 * GIB, quality="1080p"),
        listed(3, "Film.1922.720p.mkv", GIB, quality="720p"),
        listed(4, "Film.1922.720p.GER.mkv", GIB, quality="720p", languages=("de",)),
        listed(5, "Film.1922.mkv", GIB),
        listed(6, "Film.1922.avi", GIB),
        listed(7, "Other.1923.mkv", GIB),
    ]
    _, keyboard = render_page(page_of(versions), ENGLISH)

    assert labels(keyboard) == [
        ["4 GB · 🎬 Film.1922.2160p.mkv"],
        ["1080p · 2 GB", "720p · 1 GB", "720p · 1 GB · DE"],
        ["1 GB", "1 GB (2)"],
        ["1 GB · 🎬 Other.1923.mkv"],
        ["Send all"],
    ]


def test_a_search_can_be_narrowed_to_what_it_holds():
    """Kinds, qualities and languages with counts, four at most, where there is a choice; each leads to page 1."""
    facets = Facets(
        kinds=((MediaKind.VIDEO, 120), (MediaKind.AUDIO, 7)),
        qualities=(("1080p", 60), ("720p", 40), ("480p", 12), ("2160p", 3), ("360p", 2)),
        languages=(("ru", 9),),
    )
    page = page_of(FILES, window=window_of(127, facets=facets), number=3, pages=13)
    _, keyboard = render_page(page, ENGLISH)

    assert labels(keyboard)[11:13] == [
        ["🎬 · 120", "🎵 · 7"],
        ["1080p · 60", "720p · 40", "480p · 12", "2160p · 3"],
    ]
    assert keyboard[11][0].data == Narrow(SESSION, 1, "k1").pack()
    assert keyboard[12][0].data == Narrow(SESSION, 1, "q1080p").pack()


def test_a_narrowed_page_says_so_and_its_choices_can_be_taken_back():
    """The chosen are marked, pressing one clears it alone; paging and sending stay within the part."""
    facets = Facets(kinds=((MediaKind.VIDEO, 30),), qualities=(("720p", 5), ("1080p", 25)), languages=(("ru", 9),))
    narrowing = Narrowing(MediaKind.VIDEO, "1080p", "ru")
    page = page_of(
        FILES, window=window_of(300, facets=facets), pages=3, narrowing=narrowing, narrowed_total=25, number=2
    )
    rendered, keyboard = render_page(page, ENGLISH, Surroundings(most_sent=200))
    by_label = {button.text: button.data for row in keyboard for button in row}

    assert "Only 🎬 videos · 1080p · Russian" in rendered
    assert text_of(page).endswith("1–10 of 25")
    assert by_label["✅ 🎬 · 30"] == Narrow(SESSION, 1, "q1080p_lru").pack()
    assert by_label["✅ 1080p · 25"] == Narrow(SESSION, 1, "k1_lru").pack()
    assert by_label["✅ RU · 9"] == Narrow(SESSION, 1, "k1_q1080p").pack()
    assert by_label["720p · 5"] == Narrow(SESSION, 1, "k1_q720p_lru").pack()
    assert by_label["›"] == Narrow(SESSION, 3, "k1_q1080p_lru").pack()
    assert by_label["Send all"] == SendNarrowed(SESSION, 2, "k1_q1080p_lru").pack()
    assert by_label["Send all 25"] == SendNarrowed(SESSION, 0, "k1_q1080p_lru").pack()


def test_the_last_choice_taken_back_leads_to_the_whole_search():
    """Clearing the only choice shows the search as it was first shown."""
    facets = Facets(kinds=((MediaKind.VIDEO, 8), (MediaKind.AUDIO, 2)))
    page = page_of(FILES, window=window_of(10, facets=facets), narrowing=Narrowing(MediaKind.AUDIO), narrowed_total=2)
    _, keyboard = render_page(page, ENGLISH)

    [chosen] = [button for row in keyboard for button in row if button.text.startswith("✅")]
    assert chosen.data == TurnPage(SESSION, 1).pack()


def test_choices_that_exclude_each_other_can_be_left():
    """A part without a file says so, and keeps the buttons that lead out of it."""
    facets = Facets(kinds=((MediaKind.VIDEO, 8), (MediaKind.AUDIO, 2)), qualities=(("720p", 8),))
    page = page_of([], window=window_of(10, facets=facets), narrowing=Narrowing(MediaKind.AUDIO, "720p"))
    rendered, keyboard = render_page(replace(page, narrowed_total=0), ENGLISH)

    assert "None of the files" in rendered
    assert labels(keyboard) == [["🎬 · 8", "✅ 🎵 · 2"], ["✅ 720p · 8"]]


def test_a_choice_beyond_the_most_frequent_is_shown_when_it_is_chosen():
    """A rare quality that was chosen can be taken back."""
    facets = Facets(qualities=tuple((f"{lines}p", lines) for lines in (9, 8, 7, 6, 5)))
    page = page_of(FILES, window=window_of(35, facets=facets), narrowing=Narrowing(quality="5p"), narrowed_total=5)
    _, keyboard = render_page(page, ENGLISH)

    assert ["9p · 9", "8p · 8", "7p · 7", "✅ 5p · 5"] in labels(keyboard)


@pytest.mark.parametrize(
    ("number", "pages", "more", "shown"),
    [
        (1, 1, False, None),
        (1, 1, True, ["1 / 1+", "›"]),
        (1, 2, False, ["1 / 2", "›"]),
        (1, 5, False, ["1 / 5", "›", "»"]),
        (3, 5, False, ["«", "‹", "3 / 5", "›", "»"]),
        (20, 20, True, ["«", "‹", "20 / 20+", "›"]),
        (20, 20, False, ["«", "‹", "20 / 20"]),
    ],
)
def test_arrows_lead_somewhere(number, pages, more, shown):
    """Every arrow has a page to turn to; behind the last known page one goes on where there may be more."""
    page = page_of(FILES, window=window_of(200), number=number, pages=pages, has_more=more)
    _, keyboard = render_page(page, ENGLISH)

    last = labels(keyboard)[-1]
    assert last == (shown if shown is not None else ["Send all"])


def test_a_reader_without_a_quota_may_have_everything_at_once():
    """`Send all N` stands next to `Send all` where there is more than the page, up to what is sent at once."""
    page = page_of(FILES, window=window_of(1000), pages=20)
    sends = {button.text: button.data for button in render_page(page, ENGLISH, Surroundings(most_sent=150))[1][10]}
    assert sends == {"Send all": SendAll(SESSION, 1).pack(), "Send all 150": SendAll(SESSION, 0).pack()}

    assert labels(render_page(page_of(FILES), ENGLISH, Surroundings(most_sent=150))[1])[-1] == ["Send all"]


def test_a_page_in_a_group_lets_others_open_their_own():
    """The last button of a group's page is for those whom the others refuse."""
    _, keyboard = render_page(page_of(FILES), ENGLISH, Surroundings(in_group=True))

    assert keyboard[-1][0].data == OpenOwn(SESSION).pack()


@pytest.mark.parametrize(
    "name",
    [
        "<b>cut</b> & *_[x](tg://user?id=1).mkv",
        "\u202egpj.exe \u200fאבג.mkv",
        "🎬👨\u200d👩\u200d👧\u200d👦" * 30 + ".mkv",
        "電影" * 120 + ".mkv",
        "A.B_C-D.mkv",
        "\x00\n\t\ud800.mkv",
    ],
)
def test_names_are_shown_short_and_as_they_are(name):
    """Scenarios 52, 73: names of 255 bytes, of any script, with markup or direction marks stay one harmless line."""
    rendered, keyboard = render_page(page_of([listed(1, name)], query=name), ENGLISH)
    label = keyboard[0][0].text

    assert "\n" not in label
    assert utf16_length(label) < 128
    assert not re.search("[\u202a-\u202e\ud800-\udfff\x00]", label + rendered)
    assert html_to_entities(rendered)[0].splitlines()[0] in html.unescape(rendered)


KINDS = st.sampled_from(MediaKind)
METADATA = st.none() | st.builds(
    ReleaseMetadata,
    quality=st.none() | st.sampled_from(["2160p", "1080p", "720p", "", "x" * 99, "q:é"]),
    languages=st.lists(st.sampled_from(["ru", "de", "", "english", "Ж"]), max_size=4).map(tuple),
)
LISTED = st.builds(
    ListedFile,
    id=st.integers(1, 2**53 - 1),
    name=st.text(max_size=255),
    size=st.integers(0, 2**42),
    kind=KINDS,
    metadata=METADATA,
)
COUNTED = st.integers(1, 10**6)
FACETS = st.builds(
    Facets,
    kinds=st.dictionaries(KINDS, COUNTED).map(lambda found: tuple(found.items())),
    qualities=st.dictionaries(st.text(max_size=12), COUNTED, max_size=9).map(lambda found: tuple(found.items())),
    languages=st.dictionaries(st.text(max_size=4), COUNTED, max_size=9).map(lambda found: tuple(found.items())),
)
NARROWINGS = st.builds(
    Narrowing,
    kind=st.none() | KINDS,
    quality=st.none() | st.sampled_from(["1080p", "2160p"]),
    language=st.none() | st.sampled_from(["ru", "en"]),
)
WINDOWS = st.builds(
    SearchWindow,
    ids=st.lists(st.integers(1, 2**53 - 1), max_size=3).map(tuple),
    total=st.integers(0, 10**9),
    total_is_exact=st.booleans(),
    is_partial=st.booleans(),
    facets=FACETS,
    corrected=st.none() | st.text(max_size=1000),
)
PAGES = st.builds(
    ResultPage,
    session=st.builds(
        SearchSession,
        id=st.just(SESSION),
        owner_id=st.integers(1, 2**52),
        query=st.text(max_size=1000) | st.text("🎬a", min_size=900, max_size=1000),
        window=WINDOWS,
    ),
    number=st.integers(1, 10**6),
    pages=st.integers(1, 10**6),
    first_index=st.integers(0, 10**7),
    files=st.lists(LISTED, max_size=20),
    is_partial=st.booleans(),
    narrowing=NARROWINGS,
    narrowed_total=st.none() | st.integers(0, 500),
    has_more=st.booleans(),
    suggestions=st.lists(st.text(max_size=300), max_size=5).map(tuple),
)
SURROUNDINGS = st.builds(
    Surroundings, in_group=st.booleans(), most_sent=st.integers(0, 500), suggestion_list=st.sampled_from(["", SESSION])
)


@examples(deadline=None, max_examples=150)
@given(PAGES, SURROUNDINGS, st.sampled_from(["en", PSEUDO_LANGUAGE]))
def test_whatever_is_found_telegram_takes_the_page(page, around, language):
    """Scenario 33: any page in any language is within Telegram's limits, and its buttons are read back as they are."""
    rendered, keyboard = render_page(page, CATALOGUE.for_language(language), around)

    assert 0 < utf16_length(html_to_entities(rendered)[0]) <= 4096
    buttons = [button for row in keyboard or () for button in row]
    assert len(buttons) <= 60
    assert all(1 <= len(row) <= 5 for row in keyboard or ())
    for button in buttons:
        assert button.text.strip()
        assert utf16_length(button.text) <= 160
        assert len(button.data.encode()) <= 64
        kind = CallbackData._kinds[button.data.partition(":")[0]]
        assert kind.unpack(button.data).pack() == button.data
    fetched = [button.data for button in buttons if FetchFile.matches(button.data)]
    assert len(fetched) == (len(page.files) if page.session.window.ids else 0)
