"""ELAN's files (.eaf): a tier per person, and the expressions as a list to choose from.

The format is the EUDICO Annotation Format 3.0 (Max Planck Institute for Psycholinguistics, "EAF Annotation
Format 3.0 and ELAN"). Times are whole milliseconds since the start of the video.
"""

from __future__ import annotations

import mimetypes
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from vidfer.clips.annotations.interval import (
    MACHINE,
    VOCABULARY_WORDS,
    Interval,
    lanes,
    vocabulary,
    xml_text,
)
from vidfer.clips.annotations.safe_xml import read_xml
from vidfer.clips.media import is_video
from vidfer.errors import DataError
from vidfer.files import write_text

EXPRESSION, SAID = "expression", "vidfer said"
"""Types of tiers that vidfer writes. Only tiers of the type ``expression`` are read back, where there are
some. A tier of the type ``vidfer said`` keeps what stood there before people changed it, and how sure vidfer
was."""

NAME = "vidfer video"
"""The property of the file that keeps how vidfer calls the video, wherever people move it."""

CONSTRAINT = "Symbolic_Association"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
SCHEMA = {
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:noNamespaceSchemaLocation": "http://www.mpi.nl/tools/elan/EAFv3.0.xsd",
}
SURE = re.compile(r" \(\d\.\d\d\)$")
REPAIR = "the file is damaged, or was changed by hand; save it again with ELAN"
MIME_TYPES = {".avi": "video/x-msvideo", ".mkv": "video/x-matroska", ".mov": "video/quicktime"}


def write_elan(
    path: Path,
    media: Path,
    intervals: Sequence[Interval],
    classes: Sequence[str],
    *,
    name: str = "",
    tiers: Sequence[str] = (),
    words: Mapping[str, str] = VOCABULARY_WORDS,
) -> None:
    """Writes the intervals of one video as a file of ELAN.

    Args:
        path: of the ``.eaf`` to write.
        media: the video, which ELAN opens with the file.
        intervals: of this video; each goes into the tier of its person. A tier belongs to the annotator
            :data:`~vidfer.clips.annotations.interval.MACHINE` until a person changes that in ELAN.
        classes: the expressions that an annotator may choose.
        name: how vidfer calls the video; if not given, its path.
        tiers: that are there even without an interval.
        words: what else may be chosen -> what it means.

    Raises:
        DiskError: the disk is full. The file is as it was.
    """
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    about = {"AUTHOR": MACHINE, "DATE": now, "FORMAT": "3.0", "VERSION": "3.0"}
    root = Element("ANNOTATION_DOCUMENT", {**about, **SCHEMA})
    header = SubElement(root, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    SubElement(header, "MEDIA_DESCRIPTOR", _media_attributes(path, media))
    by_tier = lanes(intervals, tiers)
    entries = vocabulary(classes, intervals, words)
    entry_ids = {name: f"cveid{number}" for number, name in enumerate(entries)}
    slots, written, last = _annotations(by_tier, entry_ids)
    SubElement(header, "PROPERTY", {"NAME": NAME}).text = xml_text(name or str(media.absolute()))
    SubElement(header, "PROPERTY", {"NAME": "lastUsedAnnotationId"}).text = str(last)
    order = SubElement(root, "TIME_ORDER")
    for slot, time_ms in slots:
        SubElement(order, "TIME_SLOT", {"TIME_SLOT_ID": slot, "TIME_VALUE": str(time_ms)})
    root.extend(written)
    of_type = {"GRAPHIC_REFERENCES": "false"}
    chosen = {"CONTROLLED_VOCABULARY_REF": EXPRESSION, "LINGUISTIC_TYPE_ID": EXPRESSION}
    SubElement(root, "LINGUISTIC_TYPE", {**chosen, **of_type, "TIME_ALIGNABLE": "true"})
    beside = {"CONSTRAINTS": CONSTRAINT, "LINGUISTIC_TYPE_ID": SAID}
    SubElement(root, "LINGUISTIC_TYPE", {**beside, **of_type, "TIME_ALIGNABLE": "false"})
    unknown = "http://cdb.iso.org/lg/CDB-00130975-001"
    names = {"LANG_DEF": unknown, "LANG_ID": "und", "LANG_LABEL": "undetermined (und)"}
    SubElement(root, "LANGUAGE", names)
    one_each = "1-1 association with a parent annotation"
    SubElement(root, "CONSTRAINT", {"DESCRIPTION": one_each, "STEREOTYPE": CONSTRAINT})
    listed = SubElement(root, "CONTROLLED_VOCABULARY", {"CV_ID": EXPRESSION})
    SubElement(listed, "DESCRIPTION", {"LANG_REF": "und"}).text = "what a face shows"
    for name in entries:
        entry = SubElement(listed, "CV_ENTRY_ML", {"CVE_ID": entry_ids[name]})
        meaning = {"DESCRIPTION": xml_text(words.get(name, "")), "LANG_REF": "und"}
        SubElement(entry, "CVE_VALUE", meaning).text = xml_text(name)
    indent(root, "    ")
    write_text(path, f"{DECLARATION}{tostring(root, encoding='unicode')}\n")


def _media_attributes(path: Path, media: Path) -> dict[str, str]:
    """How the file names its video: an address on this machine, and one relative to the file."""
    kind = MIME_TYPES.get(media.suffix.lower()) or mimetypes.guess_type(media.name)[0] or ""
    if not kind.startswith(
        ("video/", "image/")
    ):  # the system takes film.ts for a text, and film.mts for a model
        kind = "video/*" if is_video(media) else "unknown"
    address = media.absolute().as_uri()
    found = {"MEDIA_URL": address, "MIME_TYPE": kind}
    try:
        relative = Path(os.path.relpath(media.absolute(), path.absolute().parent)).as_posix()
    except ValueError:  # another drive of Windows
        return found
    return {
        **found,
        "RELATIVE_MEDIA_URL": xml_text(relative if relative.startswith("..") else f"./{relative}"),
    }


def _annotations(
    by_tier: Mapping[str, Sequence[Interval]], entry_ids: Mapping[str, str]
) -> tuple[list[tuple[str, int]], list[Element], int]:
    """The time slots in order (id and milliseconds), the tiers, and the number of annotations."""
    times: list[int] = []
    tiers, number = [], 0
    for name, intervals in by_tier.items():
        owner = {"ANNOTATOR": MACHINE, "PARTICIPANT": xml_text(name), "TIER_ID": xml_text(name)}
        tier = Element("TIER", {"LINGUISTIC_TYPE_REF": EXPRESSION, **owner})
        below = {"PARENT_REF": xml_text(name), "TIER_ID": xml_text(f"{name} {SAID}")}
        beside = Element("TIER", {"LINGUISTIC_TYPE_REF": SAID, **owner, **below})
        for interval in intervals:
            start_ms = round(interval.start_s * 1000)
            # Two annotations that touch share this millisecond; one shorter than a millisecond gets one.
            end_ms = max(round(interval.end_s * 1000), start_ms + 1)
            number += 1
            span = {"TIME_SLOT_REF1": f"ts{len(times)}", "TIME_SLOT_REF2": f"ts{len(times) + 1}"}
            times += [start_ms, end_ms]
            entry = {"ANNOTATION_ID": f"a{number}", "CVE_REF": entry_ids[interval.label]}
            kept = SubElement(SubElement(tier, "ANNOTATION"), "ALIGNABLE_ANNOTATION", {**entry, **span})
            SubElement(kept, "ANNOTATION_VALUE").text = xml_text(interval.label)
            number += 1
            parent = {"ANNOTATION_ID": f"a{number}", "ANNOTATION_REF": f"a{number - 1}"}
            kept = SubElement(SubElement(beside, "ANNOTATION"), "REF_ANNOTATION", parent)
            sure = "" if interval.probability is None else f" ({interval.probability:.2f})"
            SubElement(kept, "ANNOTATION_VALUE").text = xml_text(interval.said or interval.label) + sure
        tiers += [tier, beside]
    slots = [(f"ts{place}", times[place]) for place in sorted(range(len(times)), key=times.__getitem__)]
    return slots, tiers, number


def read_elan(path: Path) -> list[Interval]:
    """Reads the expressions of a file of ELAN.

    Where a tier has the type :data:`EXPRESSION`, only such tiers are read; otherwise every tier whose
    annotations have times of their own. Annotations without a text are left out.

    Raises:
        DataError: the file is no file of ELAN, names no video, does not count milliseconds, or an annotation
            has no times or ends before it starts.
    """
    root = read_xml(path, "ELAN")
    if root.tag != "ANNOTATION_DOCUMENT":
        raise DataError(f"{path} is XML, but not ELAN's ({root.tag}); give an .eaf file")
    (media, address), times_ms = _media(root, path), _times_ms(root, path)
    said = {
        one.get("ANNOTATION_REF", ""): SURE.sub("", one.findtext("ANNOTATION_VALUE") or "")
        for tier in root.iter("TIER")
        if tier.get("LINGUISTIC_TYPE_REF") == SAID
        for one in tier.iterfind("ANNOTATION/REF_ANNOTATION")
    }
    tiers = [tier for tier in root.iter("TIER") if tier.find("ANNOTATION/ALIGNABLE_ANNOTATION") is not None]
    ours = [tier for tier in tiers if tier.get("LINGUISTIC_TYPE_REF") == EXPRESSION]
    return [
        interval
        for tier in ours or tiers
        for interval in _read_tier(tier, media, address, times_ms, said, path)
    ]


def _media(root: Element, path: Path) -> tuple[str, str]:
    """The name of the video and its path: vidfer's name for it if there is one, or the path twice."""
    kept = [one.text for one in root.iterfind("HEADER/PROPERTY") if one.get("NAME") == NAME and one.text]
    address = _address(root, path)
    if not (kept or address):
        raise DataError(
            f"{path} names no video; link the video in ELAN (Edit, Linked Files) and save the file"
        )
    return (kept or [address])[0], address


def _address(root: Element, path: Path) -> str:
    """The path of the video on this machine, or else what the file says; empty if it says nothing."""
    named = root.findall("HEADER/MEDIA_DESCRIPTOR")
    films = [one for one in named if one.get("MIME_TYPE", "").startswith("video/")] or named
    for one in films:
        url, relative = one.get("MEDIA_URL", ""), unquote(one.get("RELATIVE_MEDIA_URL", ""))
        here = Path(os.path.normpath(path.absolute().parent / relative)) if relative else None
        if here is not None and here.exists():
            return str(here)
        if url or relative:
            return unquote(urlsplit(url).path) or relative
    return ""


def _times_ms(root: Element, path: Path) -> dict[str, int | None]:
    """The time of each slot; None for a slot that ELAN has not fixed."""
    units = next((one.get("TIME_UNITS") for one in root.iter("HEADER")), None) or "milliseconds"
    if units != "milliseconds":
        raise DataError(f"{path} counts {units}; save it with ELAN, which counts milliseconds")
    found: dict[str, int | None] = {}
    for slot in root.iter("TIME_SLOT"):
        name, value = slot.get("TIME_SLOT_ID", ""), slot.get("TIME_VALUE")
        if name in found or (value is not None and not (value.isascii() and value.isdigit())):
            raise DataError(f"{path}: time slot {name!r} has the time {value!r}, or is there twice; {REPAIR}")
        found[name] = None if value is None else int(value)
    return found


def _read_tier(
    tier: Element,
    media: str,
    address: str,
    times_ms: dict[str, int | None],
    said: dict[str, str],
    path: Path,
) -> Iterator[Interval]:
    name = tier.get("TIER_ID", "")
    for one in tier.iterfind("ANNOTATION/ALIGNABLE_ANNOTATION"):
        label = (one.findtext("ANNOTATION_VALUE") or "").strip()
        if not label:
            continue
        where = f"annotation {one.get('ANNOTATION_ID', '?')} of tier {name!r} in {path}"
        slots = [one.get(f"TIME_SLOT_REF{number}", "") for number in (1, 2)]
        start_ms, end_ms = (times_ms.get(slot) for slot in slots)
        if start_ms is None or end_ms is None:
            raise DataError(f"{where} has no time; give it a start and an end in ELAN")
        if end_ms <= start_ms:
            raise DataError(f"{where} ends at {end_ms} ms and starts at {start_ms} ms; {REPAIR}")
        yield Interval(
            media=media,
            address=address,
            tier=name,
            start_s=start_ms / 1000,
            end_s=end_ms / 1000,
            label=label,
            said=said.get(one.get("ANNOTATION_ID", "")),
            by=tier.get("ANNOTATOR") or "a person",
            where=where,
        )
