import torch
from refused import refused
from safetensors.torch import save_file

from vidfer.errors import CheckpointError
from vidfer.models.pretrained.read_weights import read_weights

WEIGHTS = {"conv1.weight": torch.arange(6.0).view(2, 3), "bn1.bias": torch.ones(2)}


def read(path):
    return read_weights(path, "give the right one")


def same(found):
    assert found.keys() == WEIGHTS.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in WEIGHTS.items())


def test_what_training_scripts_put_around_weights_is_taken_off(tmp_path):
    of_processes = {f"module.{name}": tensor for name, tensor in WEIGHTS.items()}
    of_task = {f"module.backbone.{name}": tensor for name, tensor in WEIGHTS.items()}
    files = {
        "plain.pth": WEIGHTS,
        "msceleb.pth": {"epoch": 7, "arch": "resnet18", "state_dict": of_processes},
        "timm.pt": {"model": WEIGHTS, "optimizer": {"state": {}, "param_groups": []}, "args": None},
        "deep.tar": {"model": {"state_dict": of_task}},
    }
    for name, content in files.items():
        torch.save(content, tmp_path / name)
        same(read(tmp_path / name))
    save_file(of_processes, tmp_path / "weights.safetensors")
    same(read(tmp_path / "weights.safetensors"))


def test_a_prefix_of_some_tensors_alone_belongs_to_their_names(tmp_path):
    weights = {"model.conv": torch.ones(1), "scale": torch.ones(1)}
    torch.save(weights, tmp_path / "some.pth")
    assert read(tmp_path / "some.pth").keys() == weights.keys()


def test_a_file_without_weights_says_what_it_has(tmp_path):
    torch.save({"epoch": 3, "loss": 0.5}, tmp_path / "log.pth")
    with refused(CheckpointError, tmp_path / "log.pth", "epoch, loss", "give the right one"):
        read(tmp_path / "log.pth")
    torch.save({"state_dict": {}}, tmp_path / "empty.pth")
    with refused(CheckpointError, tmp_path / "empty.pth", "state dict"):
        read(tmp_path / "empty.pth")
