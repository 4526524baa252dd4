import torch

from vidfer.models.encoders.conv4 import Conv4Encoder
from vidfer.models.heads.csrn import CSRNHead

CROPS = torch.randint(0, 256, (3, 2, 3, 3, 64, 64), dtype=torch.uint8)
MASK = torch.ones(3, 2, dtype=torch.bool)


def test_four_poolings_bring_64_pixels_to_maps_of_4x4():
    torch.manual_seed(0)
    two, four = Conv4Encoder(), Conv4Encoder(pools=4)
    assert sum(p.numel() for p in four.blocks.parameters()) == 113_088
    assert two.state_dict().keys() == four.state_dict().keys()
    assert two(CROPS, MASK).maps.shape == (3, 3, 64, 14, 14)
    embedding = four(CROPS, MASK)
    assert embedding.maps.shape == (3, 3, 64, 4, 4) and embedding.vector.shape == (3, 512)


@torch.no_grad()
def test_cells_of_the_vector_are_parts_of_the_maps():
    encoder = Conv4Encoder("mean", pools=4).eval()
    embedding = encoder(CROPS[:, :1], MASK[:, :1])
    face, eyes, mouth = embedding.maps.unbind(1)
    cells = [face.unfold(2, 2, 2).unfold(3, 2, 2).mean((-2, -1)).flatten(1)]
    cells += [
        torch.stack([part[..., :2].mean((2, 3)), part[..., 2:].mean((2, 3))], -1).flatten(1)
        for part in (eyes, mouth)
    ]
    torch.testing.assert_close(embedding.vector, torch.cat(cells, 1))


@torch.no_grad()
def test_csrn_compares_small_maps_at_14x14():
    torch.manual_seed(0)
    head, maps = CSRNHead().eval(), torch.rand(2, 3, 64, 4, 4)
    large = torch.nn.functional.interpolate(maps.flatten(0, 1), (14, 14), mode="bilinear", antialias=True)
    large = large.unflatten(0, (2, 3))
    torch.testing.assert_close(head.pair_scores(maps, maps), head.pair_scores(large, large))
