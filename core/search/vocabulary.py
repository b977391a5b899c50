"""Words with a meaning of their own in names of files, normalised."""

from __future__ import annotations

_LANGUAGE_NAMES = {
    "ar": "arabic ara عربي العربيه",
    "bn": "bengali bangla",
    "de": "german deutsch ger",
    "el": "greek ελληνικα",
    "en": "english eng английский",
    "es": "spanish espanol castellano latino spa",
    "fa": "persian farsi dari فارسي",
    "fr": "french francais vostfr fre truefrench",
    "gu": "gujarati",
    "hi": "hindi hin हिन्दी हिंदी",
    "id": "indonesian",
    "it": "italian italiano ita",
    "ja": "japanese jpn 日本語",
    "kk": "kazakh",
    "kn": "kannada",
    "ko": "korean kor 한국어",
    "ml": "malayalam",
    "mr": "marathi",
    "pa": "punjabi",
    "pl": "polish",
    "pt": "portuguese dublado",
    "ru": "russian rus русский рус",
    "ta": "tamil",
    "te": "telugu",
    "th": "thai ไทย พากย์ไทย",
    "tr": "turkish turkce",
    "uk": "ukrainian ukr укр украінська",
    "ur": "urdu",
    "uz": "uzbek",
    "vi": "vietnamese",
    "zh": "chinese mandarin cantonese 中文 国语 國語",
}
_TAGS = (
    "web webdl webrip bluray blu brrip bdrip remux dvd dvdrip dvdscr hdtv hdrip hdtvrip tvrip pdtv camrip hdcam",
    "x264 x265 h264 h265 hevc avc xvid divx av1 10bit 8bit hdr hdr10 aac ac3 dts ddp dd5 ddp5 dual multi esub esubs",
    "bdremux amzn nf dsnp hmax atvp repack unrated uncut extended limited complete",
    "flac mp3",
)
_EXTENSIONS = (
    "mkv mp4 avi mov wmv flv webm m4v mpg mpeg ts m2ts 3gp mp3 flac ogg oga opus m4a m4b wav aac wma ape srt ass",
    "pdf epub fb2 mobi azw3 djvu doc docx rtf txt cbr cbz zip rar 7z tar gz iso apk jpg jpeg png gif webp",
)

SEASON_WORDS = (
    "seasons?|сезон[иы]?|temporadas?|saisons?|staffeln?|stagion[ei]|sezon(?:ul|y)?|sezona|saeson|sasong|sesong|seizoen|"
    "सीजन|الموسم|موسم|فصل|سيزن|σεζον|fasl|עונה|시즌|სეზონი|սեզոն|সিজন|சீசன்|సీజన్|ซีซั่น|ซีซัน|シーズン"
)
EPISODE_WORDS = (
    "episodes?|episod(?:io|ul)?|epizod[ay]?|epizodul|capitulo|folge|puntata|odcinek|qism|bolum|"
    "сері[яі]|сери[яи]|выпуск|эпизод|епизод|епізод|"
    "एपिसोड|भाग|الحلقه|حلقه|قسمت|قسط|επεισοδιο|פרק|სერია|սերիա|পর্ব|எபிசோட்|ఎపిసోడ్|ตอนที่|ตอน"
)
EPISODES_WORDS = "episodios|capitulos|folgen|puntate|odcinki|выпуски|эпизоды"
"""They come with a range; with one number they say how many there are."""
SEASON_NUMERALS = {
    word: number
    for words in (
        "one two three four five six seven eight nine ten",
        "الاول الثاني الثالث الرابع الخامس السادس السابع الثامن التاسع العاشر",
        "اول دوم سوم چهارم پنجم ششم هفتم هشتم نهم دهم",
    )
    for number, word in enumerate(words.split(), 1)
}
"""Written numbers that follow the word for a season."""
LANGUAGES = {word: code for code, names in _LANGUAGE_NAMES.items() for word in names.split()}
UNSURE_LANGUAGES = frozenset(
    ["ara", "dari", "eng", "fre", "ger", "hin", "ita", "kor", "latino", "polish", "rus", "spa", "thai", "рус"]
)
"""Names of languages that are ordinary words or people's names elsewhere: in the midst of a title they say nothing."""
RELEASE_TAGS = frozenset(word for line in _TAGS for word in line.split())
EXTENSIONS = frozenset(word for line in _EXTENSIONS for word in line.split())
