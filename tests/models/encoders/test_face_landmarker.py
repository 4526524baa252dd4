"""The networks of the encoder face_landmarker against the released ones.

The stored numbers are what the released networks give, run by ai-edge-litert, for a picture of waves.
"""

import zipfile

import pytest
import torch

from vidfer.models.encoders.face_blendshapes import POINTS_USED, FaceBlendshapes
from vidfer.models.encoders.face_landmarker_network import FaceLandmarks, LandmarkBlock
from vidfer.models.pretrained.face_landmarker_file import BLENDSHAPES, LANDMARKS, load_face_landmarker

STORED_POINTS = {
    1: (84.172, 154.485, -35.922),
    33: (46.042, 118.189, 34.745),
    152: (111.916, 204.935, 7.405),
    263: (166.560, 113.330, -14.927),
    468: (64.211, 121.619, 0.597),
    477: (151.547, 125.468, -4.011),
}
# fmt: off
STORED_BLENDSHAPES = (
    0.00001, 0.04250, 0.07698, 0.04204, 0.02711, 0.16882, 0.00006, 0.00001, 0.00001, 0.08366,
    0.06511, 0.85055, 0.85344, 0.00054, 0.58518, 0.80198, 0.00774, 0.00172, 0.00091, 0.30732,
    0.31509, 0.02265, 0.00668, 0.00038, 0.00094, 0.00007, 0.00018, 0.00000, 0.02234, 0.00666,
    0.00118, 0.00125, 0.00405, 0.00003, 0.00138, 0.00406, 0.13338, 0.03219, 0.02882, 0.14323,
    0.00342, 0.00019, 0.15903, 0.67662, 0.48277, 0.46657, 0.00669, 0.04788, 0.13507, 0.14839,
    0.00011, 0.00001,
)
# fmt: on


def waves(size_px: int = 256) -> torch.Tensor:
    """A picture (1, 3, size_px, size_px) that a formula gives."""
    place = torch.arange(size_px, dtype=torch.float64) / size_px
    directions = ((1.5, 0.5, 0.0), (0.5, 2.0, 0.2), (3.0, 1.0, 0.4))  # periods across, down, start
    channels = [
        0.5 + 0.5 * (2 * torch.pi * (a * place + b * place[:, None] + c)).sin() for a, b, c in directions
    ]
    return torch.stack(channels)[None].float()


@pytest.fixture(scope="module")
def task(shared):
    return shared / "weights/mediapipe/face_landmarker.task"


@pytest.fixture(scope="module")
def released(task):
    networks = FaceLandmarks().eval(), FaceBlendshapes().eval()
    load_face_landmarker(task, *networks)
    return networks


@torch.no_grad()
def test_equals_what_is_stored_of_the_released_networks(released):
    landmarks, blendshapes = released
    points, maps = landmarks(waves())
    stored = torch.tensor(list(STORED_POINTS.values()))
    torch.testing.assert_close(points[0, list(STORED_POINTS)], stored, atol=2e-3, rtol=0)
    torch.testing.assert_close(blendshapes(points), torch.tensor([STORED_BLENDSHAPES]), atol=5e-5, rtol=0)
    assert maps.shape == (1, 64, 32, 32)


@torch.no_grad()
def test_equals_the_released_networks(released, task):
    interpreter = pytest.importorskip("ai_edge_litert.interpreter").Interpreter

    def run(name, value):
        with zipfile.ZipFile(task) as content:
            network = interpreter(model_content=content.read(name), num_threads=1)
        network.allocate_tensors()
        network.set_tensor(network.get_input_details()[0]["index"], value.contiguous().numpy())
        network.invoke()
        return {
            o["name"]: torch.from_numpy(network.get_tensor(o["index"])) for o in network.get_output_details()
        }

    landmarks, blendshapes = released
    noise = torch.nn.functional.avg_pool2d(torch.rand(2, 3, 256, 256), 9, 1, 4)
    images = torch.cat([waves(), noise])
    points, _ = landmarks(images)
    for i, image in enumerate(images):
        expected = run(LANDMARKS, image.permute(1, 2, 0)[None])
        found = expected["Identity"].view(478, 3)
        torch.testing.assert_close(points[i], found, atol=2e-3, rtol=0)
        (shapes,) = run(BLENDSHAPES, found[None, list(POINTS_USED), :2]).values()
        torch.testing.assert_close(blendshapes(found[None])[0], shapes, atol=2e-5, rtol=0)


def test_blendshapes_do_not_depend_on_place_and_size_but_on_the_turn(released):
    _, blendshapes = released
    points = torch.randn(3, 478, 3) * 50 + 128
    with torch.no_grad():
        expected = blendshapes(points)
        torch.testing.assert_close(blendshapes(points * 0.3 - 7), expected, atol=1e-4, rtol=1e-3)
        torch.testing.assert_close(blendshapes(points[..., :2]), expected)
        turned = points[..., [1, 0, 2]]
        assert (blendshapes(turned) - expected).abs().max() > 0.01
        assert blendshapes(torch.zeros(1, 478, 3)).isfinite().all()


@torch.no_grad()
def test_a_block_by_hand():
    """One channel in, one inside, two out: the shortcut has a zero for the new channel."""
    block = LandmarkBlock(1, 1, 2, halves=True)
    block.reduce.weight.copy_(torch.tensor([[[[1.0, 0.0], [0.0, -3.0]]]]))
    block.reduce.bias.zero_()
    block.inner_activation.weight.fill_(0.5)
    block.depthwise.weight.zero_()
    block.depthwise.weight[0, 0, 1, 1] = 2.0
    block.depthwise.bias.fill_(1.0)
    block.expand.weight.copy_(torch.tensor([1.0, -1.0]).view(2, 1, 1, 1))
    block.expand.bias.zero_()
    block.activation.weight.copy_(torch.tensor([0.25, 0.1]))
    # 1 - 3 * 4 = -11; times 0.5, times 2, plus 1 is -10; the largest of the four is 4.
    maps = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    assert block(maps).flatten().tolist() == [-6 * 0.25, 10.0]


@torch.no_grad()
def test_batches_and_single_pictures_give_the_same():
    torch.manual_seed(0)
    network, images = FaceLandmarks().eval(), torch.rand(5, 3, 256, 256)
    together, alone = network(images), [network(image[None]) for image in images]
    for i, values in enumerate(together):
        torch.testing.assert_close(values, torch.cat([one[i] for one in alone]), atol=1e-5, rtol=1e-4)
