"""`vidfer encoders` and `vidfer encoders get`."""

import hashlib
from dataclasses import replace

import pytest
from refused import refused

from vidfer.commands import encoders, encoders_get
from vidfer.errors import CheckpointError, SettingError
from vidfer.models.pretrained import table
from vidfer.models.pretrained.keep import place_of


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("VIDFER_ENCODERS", str(tmp_path))


def test_the_list_says_what_each_has_learned_and_seen(capsys):
    assert encoders.main([]) == 0
    said = capsys.readouterr().out
    assert all(f"\n{name}\n" in said for name in table.PRETRAINED)
    farl = said.partition("\nfarl\n")[2].partition("\n\n")[0]
    assert "LAION-FACE" in farl and "captions may name emotions" in farl and "unknown" in farl
    assert "here" not in farl


def test_a_download_says_where_it_is_kept(capsys, monkeypatch, tmp_path):
    # A file that is here already needs no server; tests/models/pretrained/test_download.py has one.
    content = b"weights"
    sha256 = hashlib.sha256(content).hexdigest()
    row = replace(table.PRETRAINED["facenet"], sha256=sha256)
    monkeypatch.setitem(table.PRETRAINED, "facenet", row)
    place_of(row).parent.mkdir()
    place_of(row).write_bytes(content)
    assert encoders_get.main(["facenet"]) == 0
    said = capsys.readouterr().out
    assert str(place_of(row)) in said and sha256 in said and "MIT" in said and "--encoder facenet" in said
    assert "none" in said
    with refused(SettingError, "msceleb18", "--weights"):
        encoders_get.main(["msceleb18"])
    with refused(SettingError, "face_net", "facenet"):
        encoders_get.main(["face_net"])


def test_a_recipe_says_how_to_fetch_weights_that_are_not_here():
    from vidfer.learn.start import build_model
    from vidfer.models.encoders import ENCODERS
    from vidfer.models.pretrained.pretrained_settings import pretrained_settings
    from vidfer.models.settings import ModelSettings

    kinds = {name: kind.Settings for name, kind in ENCODERS.items()}
    settings = ModelSettings(encoder=pretrained_settings("imagenet_mobilenet_v3_small", kinds))
    with refused(CheckpointError, "vidfer encoders get imagenet_mobilenet_v3_small", "--weights"):
        build_model(settings)
