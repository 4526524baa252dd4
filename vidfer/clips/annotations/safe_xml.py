"""XML from people one does not know: no entities, no document types, bounded in size and depth."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from vidfer.errors import DataError

LARGEST_BYTES = 64 << 20
"""An hour of annotations every second takes about 1 MB."""

DEEPEST = 32
"""ELAN nests five elements."""


def read_xml(path: Path, program: str) -> Element:
    """Reads an XML file.

    Args:
        path: of the file.
        program: that writes such files, for messages.

    Returns:
        its root element; names keep their prefixes (``xsi:type``).

    Raises:
        DataError: the file cannot be read, is no XML, is larger than :data:`LARGEST_BYTES`, nests elements
            deeper than :data:`DEEPEST`, or declares a document type or entities.
    """
    content = read_bounded(path, LARGEST_BYTES)
    builder, depth = TreeBuilder(), 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise DataError(f"{path} nests elements more than {DEEPEST} deep; {program} writes no such file")
        builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    def refuse(*_: object) -> None:
        raise DataError(
            f"{path} declares a document type, which could hide entities, so it is not read; save it again "
            f"with {program}, which writes none"
        )

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(content, True)
        return builder.close()
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise DataError(
            f"{path} is not XML, or is cut off ({error}); save it again with {program}"
        ) from error


def read_bounded(path: Path, largest: int) -> bytes:
    """The bytes of a file.

    Raises:
        DataError: it cannot be read, or has more than ``largest`` bytes.
    """
    try:
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; check the path") from error
    if len(content) > largest:
        raise DataError(
            f"{path} is larger than {largest >> 20} MiB, too large for annotations; check the path"
        )
    return content
