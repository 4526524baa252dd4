import pytest
import torch
from facenet_pytorch import InceptionResnetV1
from refused import refused

from vidfer.errors import CheckpointError, SettingError
from vidfer.models.encoders.inception_resnet_v1 import InceptionResnetV1Encoder, InceptionResnetV1Settings
from vidfer.models.pretrained.load_weights import load_weights


@pytest.fixture(scope="module")
def published():
    torch.manual_seed(0)
    return InceptionResnetV1(classify=True, num_classes=5).eval()


def test_a_frame_has_facenets_vector(published, tmp_path):
    torch.save(published.state_dict(), tmp_path / "vggface2.pt")
    encoder = InceptionResnetV1Encoder().eval()
    load_weights(encoder, tmp_path / "vggface2.pt")
    crops = torch.randint(0, 256, (2, 1, 3, 3, 160, 160), dtype=torch.uint8)
    mask = torch.ones(2, 1, dtype=torch.bool)
    published.classify = False
    with torch.no_grad():
        found = encoder(crops, mask)
        expected = published((crops[:, 0, 0].float() - 127.5) / 128)
    assert found.vector.shape == (2, 512) and found.maps.shape == (2, 1, 64, 14, 14)
    torch.testing.assert_close(torch.nn.functional.normalize(found.vector), expected, atol=1e-5, rtol=1e-4)


def test_small_pictures_and_other_weights_are_refused(tmp_path):
    with refused(SettingError, "--encoder.input-px 64", "80"):
        InceptionResnetV1Settings(input_px=64)
    encoder = InceptionResnetV1Encoder(input_px=None)
    with refused(SettingError, "64", "--encoder.input-px 160"):
        encoder(torch.zeros(1, 1, 3, 3, 64, 64), torch.ones(1, 1, dtype=torch.bool))
    torch.save({"conv2d_1a.conv.weight": torch.zeros(1)}, tmp_path / "some.pt")
    with refused(CheckpointError, tmp_path / "some.pt", "InceptionResnetV1", "facenet"):
        load_weights(encoder, tmp_path / "some.pt")
