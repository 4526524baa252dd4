"""Read the constant tensors of a TensorFlow Lite file (a FlatBuffer) with NumPy alone."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

IDENTIFIER = b"TFL3"
"""Bytes 4 to 8 of every TensorFlow Lite file."""

DTYPES = {0: np.float32, 1: np.float16, 2: np.int32, 4: np.int64}
"""TensorType of the public schema -> the NumPy type. The others are of no use to vidfer."""

DEQUANTIZE = 6
"""BuiltinOperator: its output is its input in single precision."""


@dataclass(frozen=True)
class Operator:
    """One operation of the graph, in the order of execution."""

    code: int
    """BuiltinOperator of the public schema, such as 3 for a convolution."""
    inputs: tuple[int, ...]
    """Numbers of its tensors; -1 is a tensor that is left out."""
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class TfliteGraph:
    """The first subgraph of a file."""

    operators: list[Operator]
    """Without those that turn half precision into single precision."""
    constants: dict[int, np.ndarray]
    """Number of a tensor -> its values, float32 for every floating-point type."""
    shapes: dict[int, tuple[int, ...]]
    """Number of a tensor -> its shape."""
    names: dict[int, str]
    """Number of a tensor -> its name."""
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_tflite(content: bytes) -> TfliteGraph:
    """Read the graph of a TensorFlow Lite file.

    Args:
        content: the whole file.

    Raises:
        ValueError: it is not such a file, or it is damaged.
    """
    if content[4:8] != IDENTIFIER:
        raise ValueError("this is no TensorFlow Lite file")
    try:
        return _read_graph(content)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ValueError(f"the TensorFlow Lite file is damaged: {error}") from error


def _read_graph(content: bytes) -> TfliteGraph:
    model = _Table(content, _offset(content, 0))
    codes = [max(code.number(0, "b"), code.number(3, "i")) for code in model.tables(1)]
    buffers = model.tables(4)
    graph = model.tables(2)[0]

    constants, shapes, names = {}, {}, {}
    for number, tensor in enumerate(graph.tables(0)):
        shapes[number] = tuple(tensor.array(0, np.int32).tolist())
        names[number] = bytes(tensor.array(3, np.uint8)).decode()
        data = buffers[tensor.number(2, "I")].array(0, np.uint8)
        dtype = DTYPES.get(tensor.number(1, "b"))
        if data.size and dtype is not None:
            values = data.view(dtype).reshape(shapes[number])
            constants[number] = values.astype(np.float32) if values.dtype.kind == "f" else values

    operators = []
    for table in graph.tables(3):
        inputs, outputs = (tuple(table.array(field, np.int32).tolist()) for field in (1, 2))
        code = codes[table.number(0, "I")]
        if code == DEQUANTIZE and inputs[0] in constants:
            constants[outputs[0]] = constants[inputs[0]]
        else:
            operators.append(Operator(code, inputs, outputs))
    ends = (tuple(graph.array(field, np.int32).tolist()) for field in (1, 2))
    return TfliteGraph(operators, constants, shapes, names, *ends)


def _offset(content: bytes, place: int) -> int:
    """Follow the offset that is stored at ``place``."""
    return place + struct.unpack_from("<I", content, place)[0]


class _Table:
    """A table of a FlatBuffer: fields by number, each of which may be left out."""

    def __init__(self, content: bytes, place: int) -> None:
        self.content, self.place = content, place
        self.layout = place - struct.unpack_from("<i", content, place)[0]
        self.layout_bytes = struct.unpack_from("<H", content, self.layout)[0]

    def field(self, number: int) -> int | None:
        """Where a field is stored, or None."""
        entry = 4 + 2 * number
        if entry >= self.layout_bytes:
            return None
        offset = struct.unpack_from("<H", self.content, self.layout + entry)[0]
        return self.place + offset if offset else None

    def number(self, number: int, kind: str) -> int:
        """A field that is a number of struct's ``kind``; 0 if it is left out."""
        place = self.field(number)
        return 0 if place is None else struct.unpack_from(f"<{kind}", self.content, place)[0]

    def array(self, number: int, dtype: type) -> np.ndarray:
        """A field that is a vector of numbers, or text as bytes; empty if it is left out."""
        place = self.field(number)
        if place is None:
            return np.zeros(0, dtype)
        start = _offset(self.content, place)
        length = struct.unpack_from("<I", self.content, start)[0]
        bytes_ = self.content[start + 4 : start + 4 + length * np.dtype(dtype).itemsize]
        if len(bytes_) < length * np.dtype(dtype).itemsize:
            raise IndexError("it ends too early")
        return np.frombuffer(bytes_, dtype)

    def tables(self, number: int) -> list[_Table]:
        """A field that is a vector of tables; empty if it is left out."""
        place = self.field(number)
        if place is None:
            return []
        start = _offset(self.content, place)
        length = struct.unpack_from("<I", self.content, start)[0]
        return [_Table(self.content, _offset(self.content, start + 4 + 4 * i)) for i in range(length)]
