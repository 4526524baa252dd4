"""Cross-validation: every clip is held out once, with all clips of its person."""

from collections import Counter

import pytest
from clip_records import record_clips
from refused import refused

from vidfer.clips.official_folds import official_folds
from vidfer.clips.sources.ckplus import find_ckplus
from vidfer.data.folds import find_fold, read_folds
from vidfer.data.splits import check_subjects_disjoint, split_clips
from vidfer.errors import DataError, SettingError

LABELS = ("angry", "happy", "sad")


def people(n: int = 12, each: int = 6, **more) -> list[dict]:
    return [
        {"id": f"p{p:02d}_{i}", "label": LABELS[(p + i) % 3], "subject": f"p{p:02d}", **more}
        for p in range(n)
        for i in range(each)
    ]


def write_ckplus(root, subjects: int, labelled: int):
    """CK+'s layout with one labelled and one unlabelled sequence of each subject; some have no label."""
    for k in range(subjects):
        for number in ("001", "002"):
            folder = root / "cohn-kanade-images" / f"S{3 * k + 5:03d}" / number
            folder.mkdir(parents=True)
            (folder / "f.png").touch()
        if k < labelled:
            file = root / "Emotion" / f"S{3 * k + 5:03d}" / "001" / "f_emotion.txt"
            file.parent.mkdir(parents=True)
            file.write_text(f"   {1 + k % 7}.0\n")
    return root


@pytest.fixture(scope="module")
def ck_root(tmp_path_factory):
    return write_ckplus(tmp_path_factory.mktemp("ck"), 34, 31)


@pytest.fixture(scope="module")
def ck_cache(ck_root):
    clips = [
        {"id": c.id, "label": c.label, "subject": c.subject, "source": "ckplus"} for c in find_ckplus(ck_root)
    ]
    return record_clips(ck_root / "ck.h5", clips[::-1])  # the order of clips in a cache must not matter


def test_every_clip_is_held_out_in_one_of_k_folds_with_its_person(tmp_path):
    cache = record_clips(tmp_path / "c.h5", people())
    folds = [find_fold(cache, f"{k}/4", LABELS) for k in (1, 2, 3, 4)]
    assert sorted(i for fold in folds for i in fold.held_out) == list(range(len(cache)))
    assert len({fold.division_hash for fold in folds}) == 1
    for fold in folds:
        assert fold.name == f"{fold.number}/4" and fold.of == 4
        counts = Counter(cache.clips[i].label for i in fold.held_out)
        assert len(fold.held_out) == 18 and set(counts.values()) == {6}  # even in clips and in classes
        rest = [i for i in range(len(cache)) if i not in fold.held_out]
        check_subjects_disjoint(cache, {"test": fold.held_out, "train": rest})


def test_a_division_is_of_its_seed_not_of_the_order_in_the_cache(tmp_path):
    one = record_clips(tmp_path / "a.h5", people())
    other = record_clips(tmp_path / "b.h5", people()[::-1])
    first, again, otherwise = (
        find_fold(cache, "2/4", LABELS, seed=seed) for cache, seed in ((one, 3), (other, 3), (one, 4))
    )
    ids = [{c.clips[i].id for i in f.held_out} for c, f in ((one, first), (other, again), (one, otherwise))]
    assert ids[0] == ids[1] != ids[2]
    assert first.division_hash == again.division_hash != otherwise.division_hash


def test_one_subject_is_left_out_by_number_or_by_name(tmp_path):
    cache = record_clips(tmp_path / "c.h5", people(5))
    fold = find_fold(cache, "3/loso", LABELS)
    assert [cache.clips[i].id for i in fold.held_out] == [f"p02_{i}" for i in range(6)]
    assert fold.of == 5 and "subject p02" in fold.note
    assert find_fold(cache, "subject:p02", LABELS) == fold
    with refused(SettingError, "subject 'x'", "p00", "c.h5"):
        find_fold(cache, "subject:x", LABELS)
    with refused(SettingError, "6/loso", "1 to 5"):
        find_fold(cache, "6/loso", LABELS)
    nobody = record_clips(tmp_path / "n.h5", [{"id": "a", "label": "sad"}])
    with refused(DataError, "'a'", "vidfer relabel", "3/10", "n.h5"):
        find_fold(nobody, "1/loso", LABELS)


def test_folds_of_ckplus_are_those_of_its_parts(ck_root, ck_cache):
    for number in range(1, 11):
        official = {c.id for c in find_ckplus(ck_root, str(number)) if c.split == "test" and c.label}
        # Trained on two classes only, the folds are still over everybody with a label.
        fold = find_fold(ck_cache, f"{number}/ckplus", ("happy", "sad"))
        assert {ck_cache.clips[i].id for i in fold.held_out} == official and fold.of == 10
    folds = official_folds("ckplus", ck_root)
    assert len(folds) == 31 and Counter(folds.values()) == {1: 4} | dict.fromkeys(range(2, 11), 3)


def test_folds_of_ckplus_are_of_ckplus_alone(tmp_path):
    cache = record_clips(tmp_path / "c.h5", people(2))
    with refused(DataError, "--src ckplus", "c.h5", "folder", "3/10"):
        find_fold(cache, "1/ckplus", LABELS)


def test_folds_of_dfew_come_as_a_table_from_its_five_sets(tmp_path):
    root = tmp_path / "DFEW"
    for number in range(1, 11):
        (root / "Clip" / "original").mkdir(parents=True, exist_ok=True)
        (root / "Clip" / "original" / f"{number}.mp4").touch()
    for k in range(1, 6):
        for split, test in (("train", False), ("test", True)):
            table = root / "EmoLabel_DataSplit" / f"{split}(single-labeled)" / f"set_{k}.csv"
            table.parent.mkdir(parents=True, exist_ok=True)
            rows = [n for n in range(1, 11) if (n % 5 + 1 == k) == test]
            table.write_text("video_name,label\n" + "".join(f"{n},{1 + n % 7}\n" for n in rows))
    folds = official_folds("dfew", root)
    assert folds == {f"Clip/original/{n}.mp4": n % 5 + 1 for n in range(1, 11)}
    (table.parent / "set_2.csv").write_text("video_name,label\n10,1\n")
    with refused(DataError, "'Clip/original/10.mp4'", "dfew:1", "dfew:2", root):
        official_folds("dfew", root)
    with refused(SettingError, "'afew'", "ckplus, dfew", "--data.fold 3/10"):
        official_folds("afew", root)


def test_a_table_divides_and_must_fit(tmp_path):
    cache = record_clips(tmp_path / "c.h5", people(4, 3))
    table = tmp_path / "mine.csv"
    table.write_text("id,fold\n" + "".join(f"{c.id},{1 + int(c.subject[1:]) % 2}\n" for c in cache.clips))
    fold = find_fold(cache, f"2/{table}", LABELS)
    assert fold.name == "2/mine.csv" and {cache.clips[i].subject for i in fold.held_out} == {"p01", "p03"}
    for text, *facts in (
        ("id,fold\np00_0,1\n", "11 labelled clips", "'p00_1'"),
        ("id,part\n", "fold"),
        ("id,fold\na,0\n", "line 2", "'0'"),
        ("id,fold\na,1\na,2\n", "'a'", "line 3"),
        ("id,fold\n", "no "),
        ("id,fold\n" + "".join(f"{c.id},3\n" for c in cache.clips), "fold 1"),
    ):
        table.write_text(text)
        with refused(DataError, "mine.csv", *facts):
            find_fold(cache, f"1/{table}", LABELS)
    with refused(SettingError, "absent.csv"):
        read_folds(tmp_path / "absent.csv")
    for name in ("3", "x/10", "/10", "3/1", "0/4"):
        with refused(SettingError, f"fold '{name}'"):
            find_fold(cache, name, LABELS)


def test_validation_comes_from_people_who_are_trained_on(tmp_path):
    clips = people(10, split="train")
    clips[0]["split"] = "unlabelled"
    clips += [{"id": f"u{p}", "subject": f"p{p:02d}"} for p in range(10)]
    cache = record_clips(tmp_path / "c.h5", clips)
    fold = find_fold(cache, "1/5", LABELS)
    split = split_clips(cache, LABELS, fold=fold, val_fraction=0.2)
    assert split.fold is fold and split.test == fold.held_out and split.val and split.train
    check_subjects_disjoint(cache, {n: getattr(split, n) for n in ("train", "val", "test")})
    assert sorted((*split.train, *split.val, *split.test)) == list(range(1, 60))
    kept = {cache.clips[i].subject for i in (*split.val, *split.test)}
    assert not {cache.clips[i].subject for i in split.unlabelled} & kept and split.unlabelled
    assert "fold 1 of 5 (5) is test: 2 subjects, official splits are ignored" in split.note


def test_one_person_cannot_be_left_out(make_cache):
    cache = make_cache(people(1))
    with refused(DataError, "p00", "3/10", f"vidfer relabel {cache.path} --table"):
        find_fold(cache, "1/loso", LABELS)
