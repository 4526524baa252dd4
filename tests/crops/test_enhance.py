import numpy as np
import pytest
from refused import refused

from vidfer.crops.enhance import BRIGHT_PART, DARK, build_enhance
from vidfer.errors import MissingPackageError, SettingError


@pytest.fixture
def bright(draw_actor) -> np.ndarray:
    return draw_actor(0, 2)[0]


def bright_part(images: np.ndarray) -> float:
    return float(np.percentile(images @ np.array([0.299, 0.587, 0.114]), BRIGHT_PART))


@pytest.mark.parametrize("name", ["brighten", "none"])
def test_a_bright_frame_is_not_touched(bright, name):
    assert np.array_equal(build_enhance(name, bright)(bright[0]), bright[0])


def test_a_dark_frame_is_lifted_and_keeps_its_order(bright):
    dark = (bright * 0.25).astype(np.uint8)
    enhance = build_enhance("brighten", dark)
    lifted = enhance(dark[0])
    assert lifted.dtype == np.uint8 and lifted.shape == dark[0].shape
    assert bright_part(dark) < 60 and abs(bright_part(lifted) - DARK) < 6
    ramp = enhance(np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2))[0, :, 0].astype(int)
    assert (np.diff(ramp) >= 0).all() and ramp[0] == 0 and ramp[255] == 255


def test_the_darker_the_more_without_a_jump(bright):
    """Around the border between lifted and untouched the result stays the same."""
    level = bright_part(bright)
    just_dark = np.clip(bright * (DARK - 2) / level, 0, 255).astype(np.uint8)
    assert np.abs(build_enhance("brighten", just_dark)(just_dark[0]).astype(int) - just_dark[0]).max() <= 4


def test_noise_limits_the_lift(bright):
    dark = (bright * 0.15).astype(np.uint8)
    noise = np.random.default_rng(0).normal(0, 5, dark.shape)
    noisy = np.clip(dark + 10 + noise, 0, 255).astype(np.uint8)
    calm, restless = build_enhance("brighten", dark), build_enhance("brighten", noisy)
    ramp = np.full((1, 1, 3), 20, np.uint8)
    assert restless(ramp)[0, 0, 0] < calm(ramp)[0, 0, 0]
    assert restless(noisy[0]).std() <= 3 * noisy[0].std()


def test_a_black_frame_stays_black():
    black = np.zeros((1, 20, 30, 3), np.uint8)
    assert (build_enhance("brighten", black)(black[0]) == 0).all()


def write_model(path, name: str = "input", gain: float = 2.0) -> str:
    """An ONNX model of EnlightenGAN's contract: output = gain * input - 1."""
    import onnx
    from onnx import TensorProto, helper

    shape = [1, 3, "height", "width"]
    constants = [
        helper.make_tensor("gain", TensorProto.FLOAT, [], [gain]),
        helper.make_tensor("one", TensorProto.FLOAT, [], [1.0]),
    ]
    nodes = [
        helper.make_node("Mul", [name, "gain"], ["scaled"]),
        helper.make_node("Sub", ["scaled", "one"], ["output"]),
    ]
    ends = [helper.make_tensor_value_info(port, TensorProto.FLOAT, shape) for port in (name, "output")]
    graph = helper.make_graph(nodes, "enhance", ends[:1], ends[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
    return str(path)


def test_an_onnx_model_enhances_frames_of_any_size(tmp_path):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    image = np.random.default_rng(0).integers(0, 256, (37, 50, 3), dtype=np.uint8)
    same = build_enhance(write_model(tmp_path / "same.onnx"), image[None])
    assert np.array_equal(same(image), image)
    brighter = build_enhance(write_model(tmp_path / "twice.onnx", gain=4.0), image[None])
    assert np.array_equal(brighter(image), np.minimum(image.astype(int) * 2, 255))


def test_a_model_of_another_contract_is_refused(tmp_path):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    path = write_model(tmp_path / "other.onnx", name="image")
    with refused(SettingError, "other.onnx", "image", "input", "output"):
        build_enhance(path, np.zeros((1, 16, 16, 3), np.uint8))
    (tmp_path / "no.onnx").write_bytes(b"nothing")
    with refused(SettingError, "no.onnx"):
        build_enhance(str(tmp_path / "no.onnx"), np.zeros((1, 16, 16, 3), np.uint8))


def test_a_name_that_is_no_file_is_refused():
    with refused(SettingError, "'brightness'", "brighten", "none", "ONNX"):
        build_enhance("brightness", np.zeros((1, 16, 16, 3), np.uint8))


def test_without_onnxruntime_the_extra_is_named(tmp_path, monkeypatch):
    (tmp_path / "model.onnx").write_bytes(b"")
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with refused(MissingPackageError, "model.onnx", "vidfer[onnx]"):
        build_enhance(str(tmp_path / "model.onnx"), np.zeros((1, 16, 16, 3), np.uint8))
