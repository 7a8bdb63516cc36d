"""Every word that a student reads is one that a dictionary has, or one that somebody vouches for.

The dictionaries are those of hunspell. Right words that they lack stand in `words-id.txt` and
`words-en.txt` beside this file; the words of the glossary need no entry there.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml
from pages import LANGUAGES, PAGES, ROOT

DICTIONARIES = {"id": "id_ID", "en": "en_GB"}
HUNSPELL = shutil.which("hunspell")

WORD = re.compile(r"(?<![\w.])[^\W\d_]{2,}(?:['-][^\W\d_]+)*(?!\w|\.\w)")  # no file name
NOT_PROSE = re.compile(
    r"```.*?```"  # programs
    r"|`[^`]*`"  # pieces of programs
    r"|^ {4}.*?$"  # commands, in a README
    r"|^===.*?===$"  # what nbgrader looks for
    r"|(?<=\])\([^)]*\)"  # where a link leads
    r"|<[^>]*>",
    flags=re.DOTALL | re.MULTILINE,
)
# What Indonesian writes together with the word before it, whatever that word is. A word that is
# not Indonesian has a hyphen in between: "bukunya", but "thread-nya".
CLITICS = ("nya", "mu", "ku", "lah", "kah")


def words_of(markdown: str) -> list[str]:
    """Return the words that are to be read in a text, without code and addresses."""
    return WORD.findall(NOT_PROSE.sub(" ", markdown).replace("’", "'"))


def without_clitic(word: str) -> str:
    """Return the word to which a clitic has been added, "" if there is none."""
    return next((word.removesuffix(end) for end in CLITICS if word.endswith(end)), "")


def parts(word: str, language: str) -> Iterator[str]:
    """Yield a word, what hyphens join in it, and each of these without its clitic."""
    for part in (word, *word.split("-")):
        yield part
        if language == "id" and without_clitic(part):
            yield without_clitic(part)


@cache
def can_check(language: str) -> bool:
    """Tell whether hunspell and its dictionary are here."""
    if HUNSPELL is None:
        return False
    command = [HUNSPELL, "-d", DICTIONARIES[language], "-l"]
    return subprocess.run(command, input=b"", capture_output=True).returncode == 0


def unknown(words: set[str], language: str) -> set[str]:
    """Return those of `words` that the dictionary does not have."""
    result = subprocess.run(
        [str(HUNSPELL), "-d", DICTIONARIES[language], "-i", "utf-8", "-l"],
        input="\n".join(sorted(words)).encode(),
        capture_output=True,
        check=True,
    )
    return set(result.stdout.decode().split())


@cache
def vouched_for(language: str) -> frozenset[str]:
    """Return the words of our own list."""
    return frozenset(word_list(language).read_text(encoding="utf-8").split())


def word_list(language: str) -> Path:
    return Path(__file__).with_name(f"words-{language}.txt")


@cache
def in_glossary(language: str) -> frozenset[str]:
    entries = yaml.safe_load((ROOT / "glossary.yml").read_text(encoding="utf-8"))
    return frozenset(word for entry in entries for word in WORD.findall(entry[language]))


def misspelled(words: set[str], language: str) -> set[str]:
    """Return the words that neither the dictionary nor anybody here has."""
    wrong = unknown({part for word in words for part in parts(word, language)}, language)
    ours = vouched_for(language) | in_glossary(language)

    def is_ours(word: str) -> bool:
        return word in ours or word.lower() in ours

    def is_right(word: str) -> bool:
        if word not in wrong or is_ours(word):
            return True
        before, _hyphen, last = word.rpartition("-")
        if before:
            return is_right(before) and (is_right(last) or (is_ours(before) and last in CLITICS))
        stem = without_clitic(word) if language == "id" else ""
        return stem != "" and stem not in wrong

    return {word for word in words if not is_right(word)}


def texts(language: str) -> dict[str, str]:
    """Return what there is to read in a language: notebooks, the glossary, README and guide."""
    name = {"id": "README.id.md", "en": "README.md"}[language]
    entries = yaml.safe_load((ROOT / "glossary.yml").read_text(encoding="utf-8"))
    return {
        **{
            f"{page}: {cell}": text
            for page in PAGES
            if page.language == language
            for cell, text in page.prose
        },
        **{f"glossary: {entry[language]}": entry[f"meaning_{language}"] for entry in entries},
        **{
            path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
            for path in (ROOT / name, ROOT / "exercises" / name)
        },
    }


@pytest.fixture
def language(request: pytest.FixtureRequest) -> str:
    """The language of a test; without its dictionary there is nothing to test."""
    if not can_check(request.param):
        pytest.skip(f"there is no hunspell with the dictionary {DICTIONARIES[request.param]} here")
    return str(request.param)


@pytest.mark.parametrize("language", LANGUAGES, indirect=True)
def test_no_word_is_misspelled(language: str) -> None:
    places = {place: set(words_of(text)) for place, text in texts(language).items()}
    wrong = misspelled(set().union(*places.values()), language)
    assert {place: sorted(words & wrong) for place, words in places.items() if words & wrong} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_own_words_are_sorted_and_all_are_used(language: str) -> None:
    lines = word_list(language).read_text(encoding="utf-8").splitlines()
    assert lines == sorted(set(lines), key=lambda word: (word.lower(), word))
    read = {
        form
        for text in texts(language).values()
        for word in words_of(text)
        for part in parts(word, language)
        for form in (part, part.lower())
    }
    assert [word for word in lines if word not in read] == []
    assert [word for word in lines if word in in_glossary(language)] == []


@pytest.mark.parametrize(
    ("language", "text", "wrong"),
    [
        ("en", "The servre waits, and the client’s freind too.", {"servre", "freind"}),
        ("en", "Its color is red; we recieve it in well-knwon colours.", {"color", "recieve"}),
        ("en", "| Bob | tabel |\n\n![A pictrue](../x/nowhre.svg)", {"tabel", "pictrue"}),
        ("en", "<details>\n<summary>Hnit</summary>\n\n**Looop**</details>", {"Hnit", "Looop"}),
        ("en", "Use `recv`, [here](thre.md): ```python\nfoo = brr()\n``` and TCP.", set()),
        ("id", "Server meyambut Alice, lalu mebaca pesannya.", {"meyambut", "mebaca"}),
        ("id", "Dimana resikonya? Silahkan kesana.", {"Dimana", "resikonya", "Silahkan", "kesana"}),
        ("id", "Thread-nya, bukunya, angkamu, tulislah: teman-temannya, cell-cell.", set()),
        ("id", "Threadnya, buku-nya, bukunyalah, tmannya", {"Threadnya", "buku-nya", "tmannya"}),
        ("id", "Baris-bariss itu milik client-nyaa.", {"Baris-bariss", "client-nyaa"}),
    ],
    indirect=["language"],
)
def test_what_is_misspelled_is_found(text: str, wrong: set[str], language: str) -> None:
    assert misspelled(set(words_of(text)), language) == wrong
