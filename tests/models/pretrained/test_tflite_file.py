import numpy as np
import pytest
from tflite_writer import DEQUANTIZE, tflite_file

from vidfer.models.pretrained.tflite_file import Operator, read_tflite

ADD, CONVOLUTION, HARD_SWISH = 0, 3, 117
WEIGHT = np.arange(12, dtype=np.float16).reshape(3, 1, 1, 4)
BIAS = np.array([0.5, -1, 2], np.float32)
FILE = tflite_file(
    tensors={
        "picture": (1, 2, 2, 4),
        "weight_half": WEIGHT,
        "weight": (3, 1, 1, 4),
        "bias": BIAS,
        "axes": np.array([1, 2], np.int32),
        "maps": (1, 2, 2, 3),
        "sum": (1, 2, 2, 3),
    },
    operators=[
        (DEQUANTIZE, ["weight_half"], ["weight"]),
        (CONVOLUTION, ["picture", "weight", "bias"], ["maps"]),
        (ADD, ["maps", "maps"], ["sum"]),
        (HARD_SWISH, ["sum"], ["sum"]),
    ],
    inputs=["picture"],
    outputs=["sum"],
)


def test_the_graph_and_its_constants():
    graph = read_tflite(FILE)
    assert (graph.inputs, graph.outputs) == ((0,), (6,))
    assert graph.operators == [
        Operator(CONVOLUTION, (0, 2, 3), (5,)),
        Operator(ADD, (5, 5), (6,)),
        Operator(HARD_SWISH, (6,), (6,)),
    ]
    assert graph.names[5] == "maps" and graph.shapes[0] == (1, 2, 2, 4)
    assert graph.constants.keys() == {1, 2, 3, 4}
    for number in (1, 2):  # in half precision, and as the operator sees it
        assert graph.constants[number].dtype == np.float32
        np.testing.assert_array_equal(graph.constants[number], WEIGHT.astype(np.float32))
    np.testing.assert_array_equal(graph.constants[3], BIAS)
    assert graph.constants[4].tolist() == [1, 2] and graph.constants[4].dtype == np.int32


@pytest.mark.parametrize("content", [b"", b"no network at all", b"\0\0\0\0TFL2" + FILE[8:]])
def test_other_files(content):
    with pytest.raises(ValueError, match="no TensorFlow Lite file"):
        read_tflite(content)


@pytest.mark.parametrize("length", range(8, len(FILE) - 4, 40))
def test_a_file_that_ends_too_early(length):
    with pytest.raises(ValueError):
        read_tflite(FILE[:length])


def test_a_file_of_nonsense():
    with pytest.raises(ValueError, match="damaged"):
        read_tflite(b"\xff\xff\xff\x7fTFL3" + b"\xff" * 64)
