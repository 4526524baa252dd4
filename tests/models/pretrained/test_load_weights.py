import torch
from refused import refused
from torchvision.models import resnet18, resnet34

from vidfer.errors import CheckpointError, SettingError
from vidfer.models.encoders.conv4 import Conv4Encoder
from vidfer.models.encoders.grouped_resnet18 import GroupedResNet18Encoder
from vidfer.models.pretrained.load_weights import load_weights


def test_every_group_becomes_the_published_network(tmp_path):
    torch.manual_seed(0)
    published = resnet18().eval()
    torch.save(published.state_dict(), tmp_path / "resnet18.pth")
    encoder = GroupedResNet18Encoder(width=64).eval()
    load_weights(encoder, tmp_path / "resnet18.pth")
    image = torch.randn(1, 3, 64, 64)
    published.avgpool, published.fc = torch.nn.Identity(), torch.nn.Identity()
    with torch.no_grad():
        last = encoder.backbone(image.repeat(1, 3, 1, 1))[-1].unflatten(1, (3, 512))
        expected = published(image).view(512, 2, 2)
    for group in last[0]:
        torch.testing.assert_close(group, expected, atol=2e-5, rtol=1e-4)


def test_says_what_does_not_fit(tmp_path):
    encoder = GroupedResNet18Encoder(width=8)
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    with refused(CheckpointError, tmp_path / "none.pth", "resnet18-f37072fd.pth"):
        load_weights(encoder, tmp_path / "none.pth")
    torch.save(resnet18().state_dict(), tmp_path / "resnet18.pth")
    with refused(
        CheckpointError, "conv1.weight", tmp_path / "resnet18.pth", "(24, 3, 7, 7)", "--encoder.width 64"
    ):
        load_weights(encoder, tmp_path / "resnet18.pth")
    torch.save({"bn1.weight": torch.zeros(2)}, tmp_path / "other.pth")
    with refused(CheckpointError, tmp_path / "other.pth", "lacks", "bn1.bias"):
        load_weights(encoder, tmp_path / "other.pth")
    torch.save(torch.zeros(2), tmp_path / "tensor.pth")
    with refused(CheckpointError, tmp_path / "tensor.pth"):
        load_weights(encoder, tmp_path / "tensor.pth")
    (tmp_path / "text.pth").write_text("no weights")
    with refused(CheckpointError, tmp_path / "text.pth"):
        load_weights(encoder, tmp_path / "text.pth")
    with refused(SettingError, "conv4", tmp_path / "resnet18.pth", "--encoder"):
        load_weights(Conv4Encoder(), tmp_path / "resnet18.pth")
    assert all(torch.equal(tensor, before[name]) for name, tensor in encoder.state_dict().items())


def test_another_resnet_is_refused(tmp_path):
    """ResNet-34 holds every tensor of ResNet-18 at the same shape, and more."""
    torch.save(resnet34().state_dict(), tmp_path / "resnet34.pth")
    with refused(CheckpointError, tmp_path / "resnet34.pth", "has", "layer1.2.bn1.bias"):
        load_weights(GroupedResNet18Encoder(width=64), tmp_path / "resnet34.pth")


class Malicious:
    def __reduce__(self):
        return (print, ("unpickled",))


def test_no_pickle_is_unpickled(tmp_path, capsys):
    torch.save({"conv1.weight": Malicious()}, tmp_path / "bad.pth")
    with refused(CheckpointError, tmp_path / "bad.pth"):
        load_weights(GroupedResNet18Encoder(width=8), tmp_path / "bad.pth")
    assert capsys.readouterr().out == ""
