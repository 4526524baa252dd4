"""ELAN's files: what is written can be read, is laid out as EAF 3.0 asks, and nothing hostile is read."""

from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from refused import refused

from vidfer.clips.annotations.elan import read_elan, write_elan
from vidfer.clips.annotations.interval import Interval
from vidfer.errors import DataError

CLASSES = ("angry", "happy", "neutral")


def interval(start_s: float, end_s: float, label: str, tier: str = "person 1", **more) -> Interval:
    return Interval(media="", tier=tier, start_s=start_s, end_s=end_s, label=label, **more)


@pytest.fixture
def video(tmp_path) -> Path:
    path = tmp_path / "films" / "inter view & co.mp4"
    path.parent.mkdir()
    path.write_bytes(b"")
    return path


def test_what_is_written_comes_back_to_the_millisecond(tmp_path, video):
    told = [
        interval(0.0, 1.2345, "happy", probability=0.93),
        interval(1.2345, 2.0, "unsure"),
        interval(0.4, 0.4001, "angry", "person 2"),
    ]
    write_elan(tmp_path / "a.eaf", video, told, CLASSES)
    found = read_elan(tmp_path / "a.eaf")
    assert [(one.tier, one.start_s, one.end_s, one.label) for one in found] == [
        ("person 1", 0.0, 1.234, "happy"),
        ("person 1", 1.234, 2.0, "unsure"),
        ("person 2", 0.4, 0.401, "angry"),
    ]
    assert {one.media for one in found} == {str(video)} and {one.by for one in found} == {"vidfer"}
    assert "a1" in found[0].where and "a.eaf" in found[0].where


@pytest.mark.parametrize("name", ["a.ts", "a.mts", "a.m2ts", "a.3gp", "a.MKV", "a.mp4", "a.webm", "a.dv"])
def test_a_film_is_a_video_to_elan_whatever_the_system_takes_its_name_for(tmp_path, name):
    write_elan(tmp_path / "a.eaf", tmp_path / name, [], CLASSES)
    media = ElementTree.parse(tmp_path / "a.eaf").getroot().find("HEADER/MEDIA_DESCRIPTOR")
    assert media.get("MIME_TYPE").startswith("video/")


def test_the_layout_is_that_of_eaf_3(tmp_path, video):
    told = [
        interval(0.5, 1, "happy", probability=0.5),
        interval(0, 0.5, "sad"),
        interval(0.2, 3, "happy", "two"),
    ]
    write_elan(tmp_path / "out" / "a.eaf", video, told, CLASSES, tiers=("nobody",))
    root = ElementTree.parse(tmp_path / "out" / "a.eaf").getroot()
    assert root.get("FORMAT") == "3.0" and {"AUTHOR", "DATE", "VERSION"} <= set(root.keys())
    order = [child.tag for child in root]
    assert order == [
        *("HEADER", "TIME_ORDER", *["TIER"] * 6, "LINGUISTIC_TYPE", "LINGUISTIC_TYPE"),
        *("LANGUAGE", "CONSTRAINT", "CONTROLLED_VOCABULARY"),
    ]
    assert [child.tag for child in root.find("HEADER")] == ["MEDIA_DESCRIPTOR", "PROPERTY", "PROPERTY"]
    media = root.find("HEADER/MEDIA_DESCRIPTOR")
    assert media.get("MEDIA_URL") == video.as_uri() and media.get("MIME_TYPE") == "video/mp4"
    assert media.get("RELATIVE_MEDIA_URL") == "../films/inter view & co.mp4"
    times = [int(slot.get("TIME_VALUE")) for slot in root.iter("TIME_SLOT")]
    assert times == sorted(times) and len(times) == 6
    ids = [slot.get("TIME_SLOT_ID") for slot in root.iter("TIME_SLOT")]
    ids += [one.get("ANNOTATION_ID") for one in root.iter() if one.get("ANNOTATION_ID")]
    assert len(ids) == len(set(ids)) == 12
    kept = {one.get("NAME"): one.text for one in root.iterfind("HEADER/PROPERTY")}
    assert kept == {"vidfer video": str(video), "lastUsedAnnotationId": "6"}
    # An annotator chooses from the list: the expressions, other labels that were used, and ok and drop.
    entries = {e.get("CVE_ID"): e.findtext("CVE_VALUE") for e in root.iter("CV_ENTRY_ML")}
    assert [*entries.values()] == [*CLASSES, "sad", "ok", "drop"]
    for one in root.iter("ALIGNABLE_ANNOTATION"):
        assert entries[one.get("CVE_REF")] == one.findtext("ANNOTATION_VALUE")
        assert {one.get("TIME_SLOT_REF1"), one.get("TIME_SLOT_REF2")} <= set(ids)
    tiers = {tier.get("TIER_ID"): tier for tier in root.iter("TIER")}
    assert [*tiers][2:] == ["person 1", "person 1 vidfer said", "two", "two vidfer said"]
    assert tiers["person 1 vidfer said"].get("PARENT_REF") == "person 1"
    kinds = {kind.get("LINGUISTIC_TYPE_ID"): kind for kind in root.iter("LINGUISTIC_TYPE")}
    assert kinds["expression"].get("CONTROLLED_VOCABULARY_REF") == "expression"
    assert {tier.get("LINGUISTIC_TYPE_REF") for tier in tiers.values()} == {*kinds}


def test_what_overlaps_goes_into_a_tier_of_its_own(tmp_path, video):
    told = [interval(0, 2, "happy"), interval(1, 3, "angry"), interval(2, 4, "happy"), interval(1, 2, "sad")]
    write_elan(tmp_path / "a.eaf", video, told, CLASSES)
    by_tier: dict[str, list] = {}
    for one in read_elan(tmp_path / "a.eaf"):
        by_tier.setdefault(one.tier, []).append(one)
    assert sorted(by_tier) == ["person 1", "person 1 (2)", "person 1 (3)"]
    for found in by_tier.values():
        assert all(a.end_s <= b.start_s for a, b in pairwise(found))


def test_what_a_person_has_checked_can_be_told(tmp_path, video):
    told = [interval(i, i + 1, "happy", probability=0.9) for i in range(3)]
    path = tmp_path / "a.eaf"
    write_elan(path, video, told, CLASSES, name="films/1.mp4")
    assert [one.is_checked for one in read_elan(path)] == [False] * 3
    # A person changes the second annotation; vidfer's word for it stays beside it.
    text = path.read_text(encoding="utf-8")
    second = text.index('ANNOTATION_ID="a3"')
    path.write_text(text[:second] + text[second:].replace("happy<", "sad<", 1), encoding="utf-8")
    found = read_elan(path)
    assert [(one.label, one.said, one.is_checked) for one in found] == [
        ("happy", "happy", False),
        ("sad", "happy", True),
        ("happy", "happy", False),
    ]
    assert found[0].media == "films/1.mp4"
    # A person who puts their name to the tier has looked at all of it.
    path.write_text(text.replace('ANNOTATOR="vidfer"', 'ANNOTATOR="Ana"'), encoding="utf-8")
    assert [(one.by, one.is_checked) for one in read_elan(path)] == [("Ana", True)] * 3


def test_a_strange_name_is_spelt_out(tmp_path, video):
    write_elan(tmp_path / "a.eaf", video, [interval(0, 1, "a<b>&\x07", 'x"\udcff')], ())
    [one] = read_elan(tmp_path / "a.eaf")
    assert (one.label, one.tier) == (r"a<b>&\x07", r'x"\udcff')


ELAN_WROTE = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-05-02T10:00:00+01:00" FORMAT="3.0" VERSION="3.0">
  <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
    <MEDIA_DESCRIPTOR MEDIA_URL="file:///D:/sound.wav" MIME_TYPE="audio/x-wav"/>
    <MEDIA_DESCRIPTOR MEDIA_URL="file:///D:/my%20films/a.mpg" MIME_TYPE="video/mpeg"/>
  </HEADER>
  <TIME_ORDER><TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="100"/><TIME_SLOT TIME_SLOT_ID="ts2"/>
    <TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="900"/></TIME_ORDER>
  <TIER ANNOTATOR="Ana" LINGUISTIC_TYPE_REF="default-lt" TIER_ID="faces"><ANNOTATION>
    <ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts3">
    <ANNOTATION_VALUE> happy </ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
  <TIER LINGUISTIC_TYPE_REF="note" TIER_ID="comment" PARENT_REF="faces"><ANNOTATION>
    <REF_ANNOTATION ANNOTATION_ID="a2" ANNOTATION_REF="a1"><ANNOTATION_VALUE>?</ANNOTATION_VALUE>
    </REF_ANNOTATION></ANNOTATION></TIER>
  <LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="default-lt" TIME_ALIGNABLE="true"/>
</ANNOTATION_DOCUMENT>
"""


def test_a_file_that_a_person_made_in_elan(tmp_path):
    (tmp_path / "a.eaf").write_text(ELAN_WROTE)
    [one] = read_elan(tmp_path / "a.eaf")
    assert (one.media, one.tier, one.by) == ("/D:/my films/a.mpg", "faces", "Ana")
    assert (one.start_s, one.end_s, one.label) == (0.1, 0.9, "happy")


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("old", "new", "facts"),
    [
        ("<ANNOTATION_DOCUMENT", f"{BOMB}<ANNOTATION_DOCUMENT", ("document type",)),
        ("</ANNOTATION_DOCUMENT>", "", ("not XML", "cut off")),
        ("ANNOTATION_DOCUMENT", "SVG", ("SVG", ".eaf")),
        ('"milliseconds"', '"PAL-frames"', ("PAL-frames", "milliseconds")),
        ("MEDIA_DESCRIPTOR", "LINKED_FILE_DESCRIPTOR", ("no video", "Linked Files")),
        ('TIME_VALUE="900"', 'TIME_VALUE="-9"', ("ts3", "-9")),
        ('TIME_VALUE="900"', "", ("a1", "faces", "no time")),
        ('REF2="ts3"', 'REF2="ts9"', ("a1", "no time")),
        ('TIME_VALUE="900"', 'TIME_VALUE="100"', ("a1", "100 ms")),
        ('ID="ts2"', 'ID="ts1"', ("ts1", "twice")),
        ("<TIER ", "<A>" * 40 + "<TIER ", ("32 deep",)),
        ('encoding="UTF-8"', 'encoding="klingon"', ("not XML",)),
    ],
)
def test_a_damaged_or_hostile_file_is_refused(tmp_path, old, new, facts):
    assert old in ELAN_WROTE
    (tmp_path / "bad.eaf").write_text(ELAN_WROTE.replace(old, new))
    with refused(DataError, "bad.eaf", *facts):
        read_elan(tmp_path / "bad.eaf")


def test_a_file_that_is_not_there_or_too_large(tmp_path, monkeypatch):
    with refused(DataError, "none.eaf", "check the path"):
        read_elan(tmp_path / "none.eaf")
    (tmp_path / "a.eaf").write_text(ELAN_WROTE)
    monkeypatch.setattr("vidfer.clips.annotations.safe_xml.LARGEST_BYTES", 1000)
    with refused(DataError, "a.eaf", "too large"):
        read_elan(tmp_path / "a.eaf")
