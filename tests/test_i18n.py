"""Two languages, and a catalogue that is complete."""

import ast
import io
import string
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from autograder import i18n
from autograder.i18n import N_, _, language, ngettext, number, speaking, use_language

PACKAGE = Path(i18n.__file__).parent
PO = PACKAGE / "locale/id/LC_MESSAGES/autograder.po"
TO_UPDATE = "run: python tests/catalogue.py"


@pytest.fixture(autouse=True)
def _english_environment(monkeypatch):
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    before = i18n._chosen
    use_language(None)
    yield
    use_language(before)


# the language in force


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"LANG": "id_ID.UTF-8"}, "id"),
        ({"LANG": "id"}, "id"),
        ({"LANG": "id-ID"}, "id"),
        ({"LANG": "Indonesian_Indonesia.1252"}, "id"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "idle"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "id_ID.UTF-8"}, "id"),
        ({"LANG": "id_ID.UTF-8", "LC_MESSAGES": "C"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "en_US.UTF-8", "LC_ALL": "id_ID"}, "id"),
        ({"LANG": "id_ID.UTF-8", "LC_ALL": ""}, "id"),
    ],
)
def test_the_environment_decides_until_somebody_does(monkeypatch, variables, code):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert language() == code


def test_the_language_changes_while_the_program_runs():
    use_language("id")
    assert _("Expected") == "Seharusnya"
    use_language("en")
    assert _("Expected") == "Expected"
    use_language(None)
    assert language() == "en"


def test_for_a_while_another_language():
    use_language("en")
    with speaking("id"):
        assert _("Got") == "Hasilnya"
        with speaking(None):
            assert language() == "id"
        with speaking("en"):
            assert language() == "en"
        assert language() == "id"
    assert language() == "en"


def test_for_a_while_means_in_this_thread():
    heard = []
    with speaking("id"):
        thread = threading.Thread(target=lambda: heard.append(language()))
        thread.start()
        thread.join()

    assert heard == ["en"]


@pytest.mark.parametrize("code", ["de", "", "ID"])
def test_an_unknown_language_is_refused(code):
    with pytest.raises(ValueError, match="no such language"):
        use_language(code)
    with pytest.raises(ValueError, match="no such language"), speaking(code):
        pass


def test_marked_messages_are_translated_when_they_are_used():
    marked = N_("Got")

    assert marked == "Got"
    with speaking("id"):
        assert _(marked) == "Hasilnya"


def test_no_message_is_not_the_catalogues_header():
    with speaking("id"):
        assert _("") == ""


@pytest.mark.parametrize(
    ("code", "n", "text"),
    [("en", 1, "1 thread"), ("en", 2, "2 threads"), ("id", 1, "1 thread"), ("id", 2, "2 thread")],
)
def test_plurals(code, n, text):
    with speaking(code):
        assert ngettext("{count} thread", "{count} threads", n).format(count=n) == text


@pytest.mark.parametrize(
    ("value", "decimals", "english", "indonesian"),
    [
        (0, None, "0", "0"),
        (20, None, "20", "20"),
        (1234567, None, "1,234,567", "1.234.567"),
        (2.5, None, "2.5", "2,5"),
        (0.614, None, "0.61", "0,61"),
        (3.0, None, "3", "3"),
        (1234.5, 2, "1,234.50", "1.234,50"),
    ],
)
def test_numbers(value, decimals, english, indonesian):
    with speaking("en"):
        assert number(value, decimals) == english
    with speaking("id"):
        assert number(value, decimals) == indonesian


def test_messages_need_nothing_but_the_standard_library():
    code = (
        "import sys; import autograder.results, autograder.threadmap, autograder.report_text,"
        " autograder.report_html; print(sorted({'babel', 'rich', 'jinja2'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )

    assert result.stdout.strip() == "[]"


# the catalogue


def messages_in_the_code():
    """Return the messages in the code, as `pybabel extract` finds them: plurals are pairs."""
    mapping = tomllib.loads((PACKAGE / "locale/babel.toml").read_text(encoding="utf-8"))["mappings"]
    methods = [(entry["pattern"], entry["method"]) for entry in mapping]
    options = {
        entry["pattern"]: {k: v for k, v in entry.items() if k not in ("pattern", "method")}
        for entry in mapping
    }
    return {
        message
        for _file, _line, message, _comments, _context in extract_from_dir(
            PACKAGE, methods, options
        )
    }


def catalogue():
    with PO.open("rb") as file:
        return read_po(file, locale="id")


def entries():
    return [message for message in catalogue() if message.id]


def each(message):
    """Return the texts of an entry's id and of its translation, as tuples."""
    return tuple(
        text if isinstance(text, tuple | list) else (text,) for text in (message.id, message.string)
    )


def test_every_message_in_the_code_is_in_the_catalogue_and_no_other():
    known = {m.id if isinstance(m.id, str) else tuple(m.id) for m in entries()}

    assert messages_in_the_code() == known, TO_UPDATE


def test_every_message_has_an_indonesian_translation():
    missing = [message.id for message in entries() if not all(each(message)[1])]

    assert missing == []


def test_nothing_in_the_catalogue_is_fuzzy_or_obsolete():
    assert [message.id for message in entries() if message.fuzzy] == []
    assert list(catalogue().obsolete) == []


def placeholders(text):
    return sorted(field for _text, field, _spec, _conv in string.Formatter().parse(text) if field)


def test_translations_have_the_same_placeholders():
    for message in entries():
        ids, strings = each(message)
        for text in filter(None, strings):
            assert placeholders(text) == placeholders(ids[-1]), message.id


def test_translations_begin_and_end_as_the_messages_do():
    for message in entries():
        original = each(message)[0][-1]
        for text in filter(None, each(message)[1]):
            for end in (slice(0, 1), slice(-1, None)):
                edges = {text[end], original[end]}
                assert len(edges) == 1 or not edges & set(".:!? \n"), original


def test_the_compiled_catalogue_is_the_one_in_the_source():
    compiled = io.BytesIO()
    write_mo(compiled, catalogue())

    assert PO.with_suffix(".mo").read_bytes() == compiled.getvalue(), TO_UPDATE


def test_no_message_is_put_together_before_it_is_looked_up():
    """`_(f"…")` and `_("…".format())` would look up a text that no catalogue has."""
    found = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in ("_", "N_", "ngettext"):
                texts = node.args[: 2 if node.func.id == "ngettext" else 1]
                wrong = [t for t in texts if isinstance(t, ast.JoinedStr | ast.BinOp | ast.Call)]
                found += [f"{path.name}:{text.lineno}" for text in wrong]

    assert found == []
