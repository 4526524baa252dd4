"""Write small TensorFlow Lite files by hand, so that tests of reading them need no other package."""

import struct

import numpy as np

TYPES = {np.dtype(np.float32): 0, np.dtype(np.float16): 1, np.dtype(np.int32): 2}
DEQUANTIZE = 6


class Table:
    """A FlatBuffer table: number of a field -> (kind for struct, number), an array, text or tables."""

    def __init__(self, **fields):
        self.fields = {int(name[1:]): value for name, value in fields.items()}


def tflite_file(tensors, operators, inputs, outputs) -> bytes:
    """A file with one graph.

    Args:
        tensors: name of a tensor -> its values, or its shape if it is computed.
        operators: (code, names of inputs, names of outputs) in the order of execution.
        inputs, outputs: names of the graph's tensors.
    """
    number = {name: i for i, name in enumerate(tensors)}
    codes = sorted({code for code, _, _ in operators})
    buffers, described = [Table()], []
    for name, value in tensors.items():
        values = value if isinstance(value, np.ndarray) else None
        described.append(
            Table(
                f0=np.array(value.shape if values is not None else value, np.int32),
                f1=("b", TYPES[values.dtype] if values is not None else 0),
                f2=("I", len(buffers) if values is not None else 0),
                f3=name,
            )
        )
        if values is not None:
            buffers.append(Table(f0=np.frombuffer(values.tobytes(), np.uint8)))

    def numbers(names):
        return np.array([number[name] for name in names], np.int32)

    graph = Table(
        f0=described,
        f1=numbers(inputs),
        f2=numbers(outputs),
        f3=[Table(f0=("I", codes.index(c)), f1=numbers(i), f2=numbers(o)) for c, i, o in operators],
    )
    model = Table(f0=("I", 3), f1=[Table(f0=("b", c), f3=("i", c)) for c in codes], f2=[graph], f4=buffers)
    content = bytearray(b"\0\0\0\0TFL3")
    struct.pack_into("<I", content, 0, _write(content, model))
    return bytes(content)


def _write(content: bytearray, value) -> int:
    """Append a table, an array, text or a list of tables, and return its place."""
    content += bytes(-len(content) % 4)
    if isinstance(value, Table):
        slots = max(value.fields, default=-1) + 1
        layout = len(content)
        content += struct.pack("<HH", 4 + 2 * slots, 4 + 4 * slots)
        content += b"".join(struct.pack("<H", 4 + 4 * i if i in value.fields else 0) for i in range(slots))
        content += bytes(-len(content) % 4)
        place = len(content)
        content += struct.pack("<i", place - layout) + bytes(4 * slots)
        for i, field in value.fields.items():
            if isinstance(field, tuple):
                struct.pack_into("<" + field[0], content, place + 4 + 4 * i, field[1])
            else:
                _refer(content, place + 4 + 4 * i, field)
        return place
    place = len(content)
    if isinstance(value, list):
        content += struct.pack("<I", len(value)) + bytes(4 * len(value))
        for i, table in enumerate(value):
            _refer(content, place + 4 + 4 * i, table)
    else:
        data = value.encode() if isinstance(value, str) else value.tobytes()
        content += struct.pack("<I", len(value)) + data
    return place


def _refer(content: bytearray, slot: int, value) -> None:
    struct.pack_into("<I", content, slot, _write(content, value) - slot)
