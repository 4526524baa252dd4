"""The examples of docs/extending.md as they stand: each trains, is saved, comes back and is evaluated."""

import importlib.util
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
from refused import refused
from torch.nn import functional as F

from vidfer.commands.recipe_settings import settings_from_command_line
from vidfer.data.episodes import EpisodeSampler
from vidfer.errors import CheckpointError
from vidfer.evaluate.episode_scores import EpisodeScores
from vidfer.evaluate.episodes import draw_episodes
from vidfer.models import encoders, heads
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import load_checkpoint, save_checkpoint
from vidfer.models.encoders.conv4 import Conv4Settings
from vidfer.models.heads.csrn import CSRNSettings
from vidfer.models.settings import EncoderSettings, HeadSettings
from vidfer.runs.settings import ModelRunSettings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "extending.md"

LABELS = np.repeat(np.arange(3), 4)


@dataclass(frozen=True, kw_only=True)
class Settings(ModelRunSettings):
    encoder: EncoderSettings = field(default_factory=Conv4Settings)
    head: HeadSettings | None = field(default_factory=CSRNSettings)


@pytest.fixture
def added(tmp_path, monkeypatch):
    """The files of the page are modules, and the lines that it adds are in the dicts."""
    page = PAGE.read_text(encoding="utf-8")
    files = re.findall(r"`(vidfer/models/\w+/(\w+)\.py)`:\n\n```python\n(.*?)```", page, re.DOTALL)
    assert [name for _, name, _ in files] == ["nearest_shot", "thumbnail"]
    for path, name, code in files:
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(path[:-3].replace("/", "."), tmp_path / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        room, parts = (heads, heads.HEADS) if "heads" in path else (encoders, encoders.ENCODERS)
        (line,) = re.findall(rf'^    "({name})": (\w+),$', page, re.MULTILINE)
        assert Path(room.__file__).with_name(f"{name}.py").name not in {
            file.name for file in Path(room.__file__).parent.iterdir()
        }
        monkeypatch.setitem(parts, line[0], getattr(module, line[1]))


def chosen(*options: str) -> Settings:
    return settings_from_command_line(Settings, "", ["--cache", "c.h5", "--out", "run", *options])


def clips() -> tuple[torch.Tensor, torch.Tensor]:
    """Four clips of each of three classes, which differ in their colour; a frame of each has no face."""
    generator = torch.Generator().manual_seed(0)
    crops = torch.randint(0, 64, (12, 3, 3, 3, 40, 40), dtype=torch.uint8, generator=generator)
    for clip, label in enumerate(LABELS):
        crops[clip, :, :, label] += 128
    mask = torch.ones(12, 3, dtype=torch.bool)
    mask[:, 1] = False
    return crops, mask


@pytest.mark.parametrize(
    "options",
    [
        "--head nearest_shot --head.scale 5",
        "--encoder thumbnail --encoder.input-px 48",
        "--encoder thumbnail --head nearest_shot",
    ],
)
def test_an_example_trains_is_saved_comes_back_and_is_evaluated(added, options, tmp_path):
    settings = chosen(*options.split()).model
    torch.manual_seed(0)
    model = build_recogniser(settings, ("a", "b", "c")).train()
    crops, mask = clips()
    labels = torch.from_numpy(LABELS)
    support, query = torch.tensor([0, 1, 4, 5, 8, 9]), torch.tensor([2, 6, 10])
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(5):
        embedding = model.embed(crops, mask)
        of_head, scores = model.head.loss(
            embedding[support], labels[support], embedding[query], labels[query]
        )
        assert scores.shape == (3, 3)
        loss = of_head + F.cross_entropy(model.classifier(embedding.vector), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]

    save_checkpoint(tmp_path / "best", model.eval(), {})
    loaded, _ = load_checkpoint(tmp_path / "best")
    assert loaded.settings == settings
    with torch.no_grad():
        embedding = loaded.embed(crops, mask)
        assert torch.equal(embedding.vector, model.embed(crops, mask).vector)
    assert embedding.vector.shape == (12, loaded.encoder.vector_channels)
    assert embedding.maps.shape[:2] == (12, len(loaded.encoder.regions))
    episodes = draw_episodes(EpisodeSampler(LABELS, ways=3, shots=2, queries=1, episodes=4, seed=0))
    found = EpisodeScores(loaded.head, embedding).score(episodes, np.ones(episodes.query.shape, bool))
    assert (found.argmax(-1) == np.arange(3)).mean() > 0.7  # chance is 0.33


def test_a_checkpoint_with_an_unknown_part_tells_what_to_do(added, tmp_path, monkeypatch):
    model = build_recogniser(chosen("--head", "nearest_shot").model, ("a", "b"))
    save_checkpoint(tmp_path / "best", model, {})
    monkeypatch.delitem(heads.HEADS, "nearest_shot")
    with refused(CheckpointError, "'nearest_shot'", "docs/extending.md", tmp_path / "best"):
        load_checkpoint(tmp_path / "best")


def test_a_program_of_ones_own_is_vidfer_with_one_more_head(added, monkeypatch, capsys):
    (code,) = re.findall(r"`my_vidfer.py`.*?```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    monkeypatch.setitem(sys.modules, "nearest_shot", sys.modules["vidfer.models.heads.nearest_shot"])
    monkeypatch.delitem(heads.HEADS, "nearest_shot")
    words = ["my_vidfer.py", "train", "fewshot", "--head", "nearest_shot", "--help"]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit):
        exec(compile(code, "my_vidfer.py", "exec"), {"__name__": "__main__"})
    assert "--head.scale" in capsys.readouterr().out


def test_help_shows_the_options_of_an_example(added, capsys):
    with pytest.raises(SystemExit):
        chosen("--encoder", "thumbnail", "--head", "nearest_shot", "--help")
    text = capsys.readouterr().out
    assert "--head.scale" in text and "Factor of the cosine." in text and "Side of the picture." in text
