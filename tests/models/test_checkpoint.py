import hashlib
import json
import signal
import subprocess
import sys

import pytest
import torch
from networks import network
from refused import refused
from safetensors.torch import save_file

from vidfer.errors import CheckpointError
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import checkpoint_hash, load_checkpoint, save_checkpoint

CLASSES = ("angry", "happy")
INFO = {"cache": "ab12", "epoch": 3, "metrics": {"war": 0.5}}


def small_model(seed=0, **settings):
    torch.manual_seed(seed)
    return build_recogniser(network(where_known={"width": 4, "input_px": 32}, **settings), CLASSES)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"encoder": "conv4"},
        {"encoder": "face_mesh", "whitened": True},
        {"frame_attention": "relation"},
        {"regions": ("eyes", "mouth"), "spatial_attention": "mean", "region_attention": "mean"},
        {"head": "prototype", "of_head": {"distance": "cosine"}},
        {"head": None, "map_stage": None},  # the default of earlier versions
    ],
)
def test_comes_back_as_it_was(tmp_path, settings):
    model = small_model(**settings)
    written = save_checkpoint(tmp_path / "best", model, INFO)
    loaded, info = load_checkpoint(tmp_path / "best")
    assert info == INFO and loaded.classes == CLASSES and loaded.settings == model.settings
    assert not loaded.training and written == checkpoint_hash(tmp_path / "best")
    assert sorted(path.name for path in (tmp_path / "best").iterdir()) == ["config.json", "model.safetensors"]
    crops = torch.randint(0, 256, (2, 2, 3, 3, 32, 32), dtype=torch.uint8)
    mask = torch.ones(2, 2, dtype=torch.bool)
    with torch.no_grad():
        assert torch.equal(loaded(crops, mask), model.eval()(crops, mask))


def test_settings_that_a_checkpoint_does_not_name_have_their_defaults(tmp_path):
    model = small_model()
    save_checkpoint(tmp_path, model, INFO)
    config = json.loads((tmp_path / "config.json").read_text())
    config["model"] = {
        "encoder": {"name": "grouped_resnet18", "width": 4, "input_px": 32},
        "head": {"name": "csrn"},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert load_checkpoint(tmp_path)[0].settings == model.settings
    # Tensors keep the names they had.
    assert {name.split(".")[1] for name in model.encoder.state_dict(prefix="encoder.")} == {
        "backbone",
        "spatial_attention",
        "region_attention",
        "frame_vector",
        "frame_attention",
        "map_projection",
    }


def test_channels_last_weights_are_saved(tmp_path):
    model = small_model().to(memory_format=torch.channels_last)
    save_checkpoint(tmp_path, model, {})
    loaded, _ = load_checkpoint(tmp_path)
    assert torch.equal(loaded.encoder.backbone.conv1.weight, model.encoder.backbone.conv1.weight)


def test_hash_names_the_model_and_nothing_else(tmp_path):
    first = save_checkpoint(tmp_path / "a", small_model(), INFO)
    assert len(first) == 64
    assert save_checkpoint(tmp_path / "b", small_model(), {"epoch": 4}) == first
    assert save_checkpoint(tmp_path / "b", small_model(seed=1), INFO) != first
    assert save_checkpoint(tmp_path / "b", small_model(dropout=0.1), INFO) != first
    renamed = small_model()
    renamed.classes = ("happy", "angry")
    assert save_checkpoint(tmp_path / "b", renamed, INFO) != first


def test_a_run_folder_stands_for_its_best_checkpoint(tmp_path):
    run = tmp_path / "run"
    best = save_checkpoint(run / "checkpoints" / "best", small_model(), INFO)
    last = save_checkpoint(run / "checkpoints" / "last", small_model(seed=1), INFO)
    assert checkpoint_hash(run) == best != last == checkpoint_hash(run / "checkpoints" / "last")
    assert load_checkpoint(run)[1] == INFO


def test_each_mistake_gets_a_message(tmp_path):
    with refused(CheckpointError, "model.safetensors", tmp_path / "nowhere"):
        load_checkpoint(tmp_path / "nowhere")
    folder = tmp_path / "best"
    save_checkpoint(folder, small_model(), INFO)
    config, good = folder / "config.json", (folder / "config.json").read_text()

    def change(**entries):
        config.write_text(json.dumps({**json.loads(good), **entries}))

    config.unlink()
    with refused(CheckpointError, "config.json", folder / "model.safetensors"):
        checkpoint_hash(folder)
    config.write_text(json.dumps({"model_type": "bert"}))
    with refused(CheckpointError, config, "None", "'vidfer-recogniser' 1 or 2"):
        load_checkpoint(folder)
    config.write_text("not json")
    with refused(CheckpointError, config, "None"):
        load_checkpoint(folder)
    change(format_version=3)
    with refused(CheckpointError, config, "'vidfer-recogniser' 3", "'vidfer-recogniser' 1 or 2"):
        load_checkpoint(folder)
    change(model={**json.loads(good)["model"], "colour": "red"})
    with refused(CheckpointError, config, "colour", "vidfer"):
        load_checkpoint(folder)
    of_encoder = json.loads(good)["model"]["encoder"]
    change(model={**json.loads(good)["model"], "encoder": of_encoder | {"name": "vit"}})
    with refused(CheckpointError, config, "'vit'"):
        load_checkpoint(folder)
    change(model={**json.loads(good)["model"], "encoder": of_encoder | {"width": 8}})
    with refused(CheckpointError, "tensor encoder.", folder / "model.safetensors", "config.json"):
        load_checkpoint(folder)
    change(classes=["one", "two", "three"])
    with refused(CheckpointError, "tensor classifier.1.bias", "(2,)", "(3,)"):
        load_checkpoint(folder)


@pytest.mark.parametrize("wrapper", ["_orig_mod.", "module.", "_orig_mod.module."])
def test_weights_that_were_saved_under_the_names_of_a_wrapper_are_read(tmp_path, wrapper):
    model = small_model()
    save_checkpoint(tmp_path, model, INFO)
    file = tmp_path / "model.safetensors"
    weights = model.state_dict().items()
    save_file({wrapper + name: tensor.contiguous() for name, tensor in weights}, file)
    config = json.loads((tmp_path / "config.json").read_text())
    config["weights_sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    (tmp_path / "config.json").write_text(json.dumps(config))
    again, _ = load_checkpoint(tmp_path)
    for name, tensor in model.state_dict().items():
        assert again.state_dict()[name].equal(tensor), name


def test_weights_of_a_training_that_diverged_are_refused(tmp_path):
    model = small_model()
    model.classifier[1].bias.data[0] = torch.nan
    save_checkpoint(tmp_path, model, INFO)
    with refused(CheckpointError, "classifier.1.bias", tmp_path / "model.safetensors", "--optim.lr"):
        load_checkpoint(tmp_path)


def test_damaged_weights_are_found(tmp_path):
    save_checkpoint(tmp_path, small_model(), INFO)
    weights = tmp_path / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-100])
    for reading in (load_checkpoint, checkpoint_hash):
        with refused(CheckpointError, weights):
            reading(tmp_path)
    weights.write_bytes(whole)
    load_checkpoint(tmp_path)


def test_a_kill_leaves_the_old_or_the_new_checkpoint(tmp_path):
    old = save_checkpoint(tmp_path / "best", small_model(), {"epoch": 1})
    new = save_checkpoint(tmp_path / "new", small_model(seed=1), {"epoch": 2})
    folder, config = tmp_path / "best", (tmp_path / "new" / "config.json").read_text()
    weights = (tmp_path / "new" / "model.safetensors").read_bytes()

    (folder / "model.safetensors.next").write_bytes(weights[:1000])  # killed while writing the weights
    assert checkpoint_hash(folder) == old
    (folder / "model.safetensors.next").write_bytes(weights)
    (folder / "config.json.next").write_text(config[:50])  # killed while writing the config
    assert checkpoint_hash(folder) == old and load_checkpoint(folder)[1] == {"epoch": 1}
    (folder / "config.json.next").write_text(config)
    (folder / "model.safetensors.next").replace(
        folder / "model.safetensors"
    )  # killed between the two renames
    assert checkpoint_hash(folder) == new and load_checkpoint(folder)[1] == {"epoch": 2}
    third = save_checkpoint(folder, small_model(seed=2), {"epoch": 3})
    assert checkpoint_hash(folder) == third and load_checkpoint(folder)[1] == {"epoch": 3}
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]


SAVE_FOR_EVER = """
import sys, torch
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import save_checkpoint
from vidfer.models.encoders.conv4 import Conv4Settings
from vidfer.models.settings import ModelSettings
model = build_recogniser(ModelSettings(encoder=Conv4Settings()))
for epoch in range(10**6):
    torch.nn.init.constant_(model.encoder.blocks[0][0].bias, epoch)
    save_checkpoint(sys.argv[1], model, {"epoch": epoch})
    print(epoch, flush=True)
"""


def test_sigkill_while_saving(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", SAVE_FOR_EVER, tmp_path], stdout=subprocess.PIPE, text=True
    )
    reached = max(int(process.stdout.readline()) for _ in range(10))
    process.send_signal(signal.SIGKILL)
    process.wait()
    model, info = load_checkpoint(tmp_path)
    assert info["epoch"] >= reached
    assert (model.encoder.blocks[0][0].bias == info["epoch"]).all()
