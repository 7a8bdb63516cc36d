"""What the READMEs and lesson 07 show of the benchmarks is what was written down."""

import sys
from pathlib import Path

import pytest
from helpers import PROJECT

sys.path.insert(0, str(Path(__file__).with_name("benchmarks")))

import figures
import readme


@pytest.mark.parametrize("language", ["en", "id"])
def test_the_readme_has_the_table_that_the_figures_give(language):
    text = readme.READMES[language].read_text(encoding="utf-8")
    assert readme.with_table(text, figures.recorded(), language) == text
    for benchmark in {row.benchmark for row in readme.ROWS}:
        assert (PROJECT / "tests" / "benchmarks" / f"{benchmark}.py").exists()
        assert f"`{benchmark}.py`" in text, "it was not run"


@pytest.mark.parametrize("language", ["en", "id"])
def test_the_chart_is_that_of_the_figures(language):
    drawn = readme.chart(figures.recorded()["server_load"], language)
    assert (readme.PICTURES / f"server-load-{language}.svg").read_text(encoding="utf-8") == drawn


def test_a_table_shows_other_figures_when_they_change():
    found = figures.recorded()
    before = readme.table(found, "id")
    found["server_load"]["against asyncio"]["100"] = 1234.5
    assert "1.234,50" in readme.table(found, "id") != before


def test_figures_are_added_to_those_of_other_benchmarks(tmp_path):
    path = tmp_path / "figures.json"
    for name, value in (("one", 1), ("two", 2), ("one", 3)):
        figures.record(path, name, {"value": value})
    found = figures.recorded(path)
    assert {name: each["value"] for name, each in found.items()} == {"one": 3, "two": 2}
    assert "cores" in found["one"]["machine"]


def test_a_readme_without_a_place_for_the_table_is_an_error():
    with pytest.raises(ValueError, match="lacks"):
        readme.with_table("# A README", figures.recorded(), "en")
