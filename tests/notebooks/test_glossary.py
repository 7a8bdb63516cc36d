"""The glossary: every technical word once, in both languages, and used as it says."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from pages import EXERCISES, LANGUAGES, LESSONS, PAGES, ROOT, Page, words_only

Word = dict[str, Any]
WORDS: list[Word] = yaml.safe_load((ROOT / "glossary.yml").read_text(encoding="utf-8"))

BOLD = re.compile(r"\*\*(.+?)\*\*")


def new_words(page: Page) -> list[str]:
    """Return the words in bold; a bold phrase that ends with a full stop is a label instead."""
    return [
        word
        for _cell, text in page.prose
        for word in BOLD.findall(text)
        if not word.endswith((".", ":"))
    ]


def in_glossary(word: str, language: str) -> bool:
    """Tell whether the glossary has a word; in English also if it stands in the plural."""
    forms = {word.lower(), word.lower().removesuffix("s")} if language == "en" else {word.lower()}
    return any(entry[language].lower() in forms for entry in WORDS)


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word["id"])
def test_a_word_is_explained_in_one_sentence_in_both_languages(word: Word) -> None:
    assert set(word) <= {"id", "en", "meaning_id", "meaning_en", "stays_english", "not"}
    for meaning in (word["meaning_id"], word["meaning_en"]):
        assert re.fullmatch(r"[A-Z].*\.", meaning)
        assert ". " not in meaning
    if "stays_english" in word:
        assert word["stays_english"] is True
        assert word["id"] == word["en"]
    else:
        assert word["id"] != word["en"]
        assert "not" not in word


def test_each_word_is_there_once_and_can_be_found() -> None:
    for language in ("id", "en"):
        counted = Counter(word[language].lower() for word in WORDS)
        assert [name for name, count in counted.items() if count > 1] == []
    names = [word["id"].lower() for word in WORDS]
    assert names == sorted(names)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_new_words_are_in_the_glossary(page: Page) -> None:
    found = new_words(page)
    assert found, "a page without a new word?"
    assert [word for word in found if not in_glossary(word, page.language)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_new_word_is_new_only_once_in_all_lessons(language: str) -> None:
    counted = Counter(
        word.lower() for page in LESSONS if page.language == language for word in new_words(page)
    )
    assert [word for word, count in counted.items() if count > 1] == []


@pytest.mark.parametrize("page", EXERCISES, ids=str)
def test_a_new_word_is_new_only_once_in_an_exercise(page: Page) -> None:
    """An exercise can be handed out by itself, so it may explain what another one explains."""
    counted = Counter(word.lower() for word in new_words(page))
    assert [word for word, count in counted.items() if count > 1] == []


def indonesian_texts() -> dict[str, str]:
    """Return everything Indonesian that people read: prose, comments of starters, messages."""
    texts = {
        f"{page}: {cell}": words_only(text)
        for page in PAGES
        if page.language == "id"
        for cell, text in page.prose
    }
    for program in sorted((ROOT / "exercises" / "id").rglob("*.py")):
        texts[str(program.relative_to(ROOT))] = program.read_text(encoding="utf-8")
    catalogue = ROOT / "autograder/locale/id/LC_MESSAGES/autograder.po"
    texts["messages"] = translations(catalogue)
    texts["glossary"] = "\n".join(word["meaning_id"] for word in WORDS)
    return texts


def translations(catalogue: Path) -> str:
    """Return the Indonesian side of a gettext catalogue."""
    return "\n".join(
        re.findall(
            r'^msgstr(?:\[\d\])? "(.*)"$', catalogue.read_text(encoding="utf-8"), flags=re.MULTILINE
        )
    )


@pytest.mark.parametrize(
    "word", [word for word in WORDS if "not" in word], ids=lambda word: word["id"]
)
def test_where_the_english_word_stays_indonesian_texts_use_no_other(word: Word) -> None:
    for translation in word["not"]:
        pattern = re.compile(rf"\b{re.escape(translation)}(nya|-{re.escape(translation)})?\b", re.I)
        assert [place for place, text in indonesian_texts().items() if pattern.search(text)] == []
