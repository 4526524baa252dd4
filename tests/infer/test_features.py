"""Vectors of a frozen encoder are computed once, kept beside the cache, and checked."""

import shutil

import numpy as np
import pytest
import torch
from crop_caches import write_cache
from networks import network

from vidfer.data.dataset import ClipDataset
from vidfer.data.joined_clips import JoinedClips
from vidfer.data.loader import build_loader
from vidfer.infer import features
from vidfer.infer.embed import embed_clips
from vidfer.infer.features import feature_clips
from vidfer.models.build import build_recogniser

CLIPS = [{"id": f"{i:02d}.mp4", "label": "sad", "status": "ddd" if i else "mmm"} for i in range(6)]


def recogniser(seed=0, **options):
    torch.manual_seed(seed)
    model = build_recogniser(network(width=2, head="prototype", **options), ("happy", "sad")).eval()
    model.freeze_encoder()
    return model


@pytest.fixture
def cache(tmp_path):
    return write_cache(tmp_path / "c.h5", CLIPS, size_px=32)


def shown(cache, clips=range(6), **how):
    return ClipDataset(cache.path, [*clips], [0] * len(clips), **{"n_frames": 2} | how)


@pytest.fixture
def looked_at(monkeypatch):
    """The clips that the encoder had to see."""
    seen = []
    real = features.embedded

    def counted(encoder, loader, device):
        seen.extend(int(clip) for clip in loader.dataset.clips)
        return real(encoder, loader, device)

    monkeypatch.setattr(features, "embedded", counted)
    return seen


def test_they_are_what_the_encoder_gives(cache):
    model = recogniser(whitened=True)
    model.whitening.centre.fill_(0.3)
    found = feature_clips(model, shown(cache))
    before, has_face = embed_clips(model, build_loader(shown(cache), 4), maps=False)
    after, still = embed_clips(model, build_loader(found, 4), maps=False)
    torch.testing.assert_close(after.vector, before.vector)
    assert has_face.tolist() == still.tolist() == [False, True, True, True, True, True]
    assert not after.vector[0].any()
    crops = torch.stack([shown(cache)[i]["crops"] for i in range(6)])
    mask = torch.stack([shown(cache)[i]["frame_mask"] for i in range(6)])
    with torch.no_grad():
        torch.testing.assert_close(model(found.vectors, found.has_face[:, None]), model(crops, mask))


def test_each_clip_is_seen_once(cache, looked_at):
    said = []
    feature_clips(recogniser(), shown(cache, (1, 3)), say=said.append)
    found = feature_clips(recogniser(), shown(cache, (3, 4, 1)), say=said.append)
    assert looked_at == [1, 3, 4] and len(said) == 2 and "1 of them computed now" in said[1]
    assert [int(found[i]["clip"]) for i in range(3)] == [3, 4, 1]
    whole = feature_clips(recogniser(), shown(cache, (3, 4, 1)))
    assert torch.equal(whole.vectors, found.vectors)
    assert len(list(cache.path.parent.glob("c.h5.features/*"))) == 1


@pytest.mark.parametrize("what", ["weights", "frames", "cache"])
def test_whatever_shapes_them_is_in_the_key(cache, looked_at, tmp_path, what):
    feature_clips(recogniser(), shown(cache))
    looked_at.clear()
    if what == "weights":
        feature_clips(recogniser(seed=1), shown(cache))
    elif what == "frames":
        feature_clips(recogniser(), shown(cache, n_frames=1))
    else:
        said = []
        other = write_cache(cache.path, CLIPS[:5], size_px=32)
        feature_clips(recogniser(), shown(other, range(5)), say=said.append)
        assert len(said) == 1 and "other crops" in said[0]
        assert len(list(cache.path.parent.glob("c.h5.features/*"))) == 1
    assert looked_at == [*range(5 if what == "cache" else 6)]


def test_other_labels_change_nothing(cache, looked_at):
    whole = feature_clips(recogniser(), shown(cache))
    looked_at.clear()
    other = write_cache(cache.path, [clip | {"label": "happy", "split": "val"} for clip in CLIPS], size_px=32)
    assert other.content_hash != cache.content_hash
    again = feature_clips(recogniser(), shown(other))
    assert not looked_at and torch.equal(again.vectors, whole.vectors)


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_damaged_file_is_made_again(cache, looked_at, damage):
    whole = feature_clips(recogniser(), shown(cache))
    (file,) = cache.path.parent.glob("c.h5.features/*")
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(content[:-40] if damage == "cut" else content)
    looked_at.clear()
    said = []
    again = feature_clips(recogniser(), shown(cache), say=said.append)
    assert looked_at == [*range(6)] and "damaged" in said[0]
    assert torch.equal(again.vectors, whole.vectors)


def test_a_kill_loses_no_more_than_a_piece(cache, looked_at, monkeypatch):
    monkeypatch.setattr(features, "CHUNK", 2)
    real = features.embedded

    def stopped(encoder, loader, device):
        if 4 in loader.dataset.clips:
            raise KeyboardInterrupt
        return real(encoder, loader, device)

    monkeypatch.setattr(features, "embedded", stopped)
    with pytest.raises(KeyboardInterrupt):
        feature_clips(recogniser(), shown(cache))
    monkeypatch.setattr(features, "embedded", real)
    looked_at.clear()
    feature_clips(recogniser(), shown(cache))
    assert looked_at == [4, 5]


def test_several_caches_at_once(cache, tmp_path):
    other = write_cache(tmp_path / "other.h5", CLIPS[:3], size_px=32)
    both = JoinedClips([shown(cache, (2, 5)), shown(other, (1,))])
    found = feature_clips(recogniser(), both)
    assert found.clips.tolist() == [2, 5, 1] and np.array_equal(found.labels, [0, 0, 0])
    assert (tmp_path / "other.h5.features").is_dir()


def test_where_nothing_can_be_kept_they_are_computed_and_it_is_said(cache, looked_at):
    whole = feature_clips(recogniser(), shown(cache))
    folder = cache.path.with_name("c.h5.features")
    shutil.rmtree(folder)
    folder.write_text("a file in the way")
    said = []
    again = feature_clips(recogniser(), shown(cache), say=said.append)
    assert torch.equal(again.vectors, whole.vectors) and looked_at == [*range(6), *range(6)]
    assert "cannot be kept" in said[0] and str(folder) in said[0]
