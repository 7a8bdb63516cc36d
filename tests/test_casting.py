"""Names and texts are drawn anew each time, and the same again from the same seed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.casting import Cast
from autograder.inbox import Word, spans_of


def drawn(seed: int, scene: str) -> list[object]:
    cast = Cast(seed, scene)
    return [cast.names(5), cast.texts(5), cast.choice("éüø"), cast.long_text(300), cast.name()]


def test_the_same_seed_draws_the_same():
    assert drawn(7, "test_an_emoji") == drawn(7, "test_an_emoji")


def test_another_seed_and_another_scene_draw_others():
    assert drawn(7, "test_an_emoji") != drawn(8, "test_an_emoji")
    assert drawn(7, "test_an_emoji") != drawn(7, "test_an_emoji_again")


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 999_999))
def test_nobody_is_taken_for_somebody_else(seed):
    cast = Cast(seed, "crowd")
    names = [*cast.names(50), *(cast.name() for _again in range(30))]

    assert len({name.lower() for name in names}) == 80
    for name in names:
        assert name.isalnum() and name.isascii() and len(name) <= 20
        assert [other for other in names if spans_of(Word(name), f"*{other}*")] == [name]
        assert [other for other in names if other.startswith(name)] == [name]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 999_999))
def test_no_text_is_found_in_another(seed):
    texts = Cast(seed, "burst").texts(200)

    for text in texts:
        assert [other for other in texts if text in other] == [text]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 999_999), st.integers(1, 3000))
def test_a_long_text_has_the_length_that_was_asked_for(seed, length):
    text = Cast(seed, "long").long_text(length)

    assert len(text) == len(text.encode()) == length
    assert "\n" not in text and text == text.strip()


def test_names_and_texts_of_a_later_draw_are_new_too():
    cast = Cast(1, "scene")

    assert not set(cast.names(200)) & set(cast.names(200))
    assert not set(cast.texts(200)) & set(cast.texts(200))
