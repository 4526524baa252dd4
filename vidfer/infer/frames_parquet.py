"""``frames.csv`` as Parquet, which other programs read faster."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np

from vidfer.errors import MissingPackageError
from vidfer.files import replace_durably, writing
from vidfer.infer.moment_table import FRAME_COLUMNS, TEXT_COLUMNS, WHOLE_COLUMNS, column_of
from vidfer.infer.prediction_folder import PredictionFolder
from vidfer.tables import iterate_table

ROWS = 50_000
"""Rows that are in memory at once."""


def write_frames_parquet(about: PredictionFolder) -> Path:
    """Write ``frames.parquet`` beside ``frames.csv``: the same columns, with types; empty cells are null.

    Raises:
        MissingPackageError: pyarrow is not installed.
        DiskError: the disk is full.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise MissingPackageError(
            "--parquet needs the package pyarrow; install it with `pip install 'vidfer[table]'`"
        ) from error
    columns = (*FRAME_COLUMNS, *map(column_of, about.classes))
    types = {name: pa.string() for name in TEXT_COLUMNS} | {name: pa.int64() for name in WHOLE_COLUMNS}
    schema = pa.schema([(name, types.get(name, pa.float64())) for name in columns])
    path = about.folder / "frames.parquet"
    temporary = path.with_name(path.name + ".tmp")
    rows = iterate_table(about.frames_csv, tuple(name.lower() for name in columns))
    with writing(path):
        with parquet.ParquetWriter(temporary, schema) as writer:
            while some := list(islice(rows, ROWS)):
                arrays = [
                    _column([row[name.lower()] for row in some], field.type, pa)
                    for name, field in zip(columns, schema)
                ]
                writer.write_table(pa.table(arrays, schema=schema))
        replace_durably(temporary, path)
    return path


def _column(cells: list[str], kind: object, pa: object) -> object:
    if kind == pa.string():
        return pa.array(cells, kind)
    numbers = np.array([float(cell) if cell else np.nan for cell in cells])
    return pa.array(numbers, pa.float64(), from_pandas=True).cast(kind)
