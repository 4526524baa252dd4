"""When two names are the same."""

import pytest

from vidfer.names import (
    Ids,
    Names,
    id_key,
    in_one_spelling,
    name_key,
    other_spellings,
    same_names,
    spelling_note,
)

NFC, NFD = "z\xf6e", "zo\u0308e"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann", "aNN"),
        (NFC, NFD),
        (NFC.upper(), NFD),
        ("Gro\xdf", "GROSS"),
        ("\u1f80", "\u1f00\u0345"),  # a letter whose case and marks depend on one another
        ("\uc774", "\u110b\u1175"),  # Hangul, as macOS writes it
    ],
)
def test_spellings_of_one_name(one, other):
    assert one != other and name_key(one) == name_key(other)
    assert other in Names([one]) and Names(["a", one]).place(other) == 1
    assert same_names([one, "b"], [other, "B"]) and len(other_spellings([one, other])) == 1


@pytest.mark.parametrize(("one", "other"), [("ann", "anne"), ("zoe", NFC), ("S01", "S1"), ("a b", "a_b")])
def test_different_names(one, other):
    assert name_key(one) != name_key(other) and other not in Names([one])
    assert other_spellings([one, other]) == {} and not same_names([one], [other])


def test_the_spelling_that_is_used_depends_on_the_spellings_alone():
    names = ["ANN", "Ann", "ann", NFD, NFC, "Bob", None, 3]
    used = {"ANN": "ann", "Ann": "ann", NFD: NFC}
    for order in (names, names[::-1], [*names, "ANN", "ANN"]):
        assert other_spellings(order) == used
    assert in_one_spelling(names) == ["ann", "ann", "ann", NFC, NFC, "Bob", None, 3]
    # In two steps, as when clips are added to a cache, it is the same.
    assert in_one_spelling([*in_one_spelling(["Ann", "ANN"]), "ann"]) == ["ann"] * 3
    assert other_spellings([NFC.title(), NFD]) == {NFD: NFC.title()}


def test_a_note_names_both_spellings_and_the_one_that_is_used():
    note = spelling_note("subject", other_spellings(["Ann", "ann", NFD, NFC]))
    assert "subject" in note and "'Ann' is taken for 'ann'" in note
    assert f"'{NFD}' (in NFD) is taken for '{NFC}'" in note  # both look alike
    names = [name for letter in "abcde" for name in (letter, letter.upper())]
    assert "and 2 more" in spelling_note("label", other_spellings(names))


def test_names_are_spelt_as_they_are_there():
    names = Names(["happy", NFD])
    assert (names.spelt("HAPPY"), names.spelt(NFC), names.spelt("Sad")) == ("happy", NFD, "Sad")
    assert None not in names and names.place(None) is None


def test_an_id_is_found_by_another_spelling_of_its_path():
    ids = Ids(["a/1.mp4", f"{NFD}/2.mp4", "A/1.mp4", "x\\y.mp4"])
    assert [ids.place(i) for i in ("a/1.mp4", "A/1.mp4", "a\\1.mp4")] == [0, 2, 0]
    assert ids.place(f"{NFC}\\2.mp4") == 1 and ids.place("x\\y.mp4") == 3 == ids.place("x/y.mp4")
    assert ids.place("b/1.mp4") is None
    assert id_key(f"{NFD}\\2.mp4") == f"{NFC}/2.mp4"


def test_an_id_that_may_mean_two_clips_is_none_of_them():
    ids = Ids([f"a/{NFC}", f"a/{NFD}"])
    assert (ids.place(f"a/{NFC}"), ids.place(f"a/{NFD}"), ids.place(f"a\\{NFD}")) == (0, 1, None)
