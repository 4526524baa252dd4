"""The pages of the five systems: their formulas are those of the code, what they name and quote exists."""

import importlib
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from vidfer.models.embedding import Embedding
from vidfer.models.encoders.attention import FrameAttention
from vidfer.models.heads.crn import CRNHead, divergence_loss
from vidfer.models.heads.csrn import CSRNHead
from vidfer.models.heads.select_channels import select_channels
from vidfer.models.heads.similarity import SimilarityHead

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from draw_systems import COMMANDS  # noqa: E402
from draw_systems import SYSTEMS as DRAWN  # noqa: E402

FOLDER = ROOT / "docs" / "systems"
PAGES = sorted(FOLDER.glob("*.md"))
SYSTEMS = [page for page in PAGES if page.name != "index.md"]
by_name = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
of_system = pytest.mark.parametrize("page", SYSTEMS, ids=lambda page: page.stem)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def found(dotted: str):
    """What a dotted name stands for: a module, or something in one."""
    try:
        return importlib.import_module(dotted)
    except ModuleNotFoundError:
        module, _, name = dotted.rpartition(".")
        return getattr(importlib.import_module(module), name)


@of_system
def test_every_name_stands_for_something(page):
    text = text_of(page)
    names = re.findall(r"`(vidfer\.[\w.]+)`", text)
    assert len(names) >= 3
    assert all(found(name) for name in names)
    # Methods stand in brackets behind their class.
    for dotted, method in re.findall(r"`(vidfer\.[\w.]+)` \| [^|\n]*\(`(\w+)`\)", text):
        assert hasattr(found(dotted), method)


@of_system
def test_protocols_belong_to_the_recipe_that_they_are_given_to(page):
    used = re.findall(r"vidfer train (\w+) --protocol (\S+)", text_of(page))
    assert used
    for recipe, name in used:
        protocol = yaml.safe_load(text_of(ROOT / "recipes" / "protocols" / f"{name}.yaml"))
        assert protocol["recipe"] == recipe


def test_the_overview_names_every_protocol_and_every_page():
    text = text_of(FOLDER / "index.md")
    files = {path.name for path in (ROOT / "recipes" / "protocols").glob("*.yaml")}
    assert files == set(re.findall(r"`(\w+\.yaml)`", text))
    assert {page.name for page in SYSTEMS} <= set(re.findall(r"\((\w+\.md)\)", text))


@of_system
def test_a_figure_says_that_its_people_are_drawn(page):
    (name,) = re.findall(r"!\[[^\]]+\]\(\.\./images/systems/(\w+)\.png\)", text_of(page))
    assert name == page.stem and name in DRAWN
    assert (ROOT / "docs" / "images" / "systems" / f"{name}.png").stat().st_size < 150_000
    assert re.search(r"^\*[^*]*drawn actor", text_of(page), re.M | re.I)


def test_pages_show_the_commands_that_train_the_networks_of_the_figures():
    pages = " ".join("\n".join(map(text_of, PAGES)).replace("\\\n", " ").split())
    assert all(command in pages for command in COMMANDS.values())


@by_name
def test_a_figure_of_ours_stands_in_the_results_that_it_links_to(page):
    quoted = re.findall(
        r"\[([^\]]*\d+\.\d %[^\]]*?(?:\\\][^\]]*)?)\]\(\.\./results/(\w+)\.md[^)]*\)", text_of(page)
    )
    assert quoted or page.stem in ("fan",)
    for words, name in quoted:
        results = text_of(ROOT / "docs" / "results" / f"{name}.md")
        numbers = re.findall(r"\d+\.\d", words)
        assert [n for n in numbers if not re.search(rf"\b{re.escape(n)}\b", results)] == []
        if r"\[" in words:  # with its interval, as it stands there
            assert words.replace("\\", "") in results


@by_name
def test_formulas_are_well_formed(page):
    mathml = pytest.importorskip("latex2mathml.converter")
    text = re.sub(r"^```.*?^```|`[^`\n]+`", "", text_of(page), flags=re.M | re.S)
    shown = re.findall(r"^\$\$(.+)\$\$$", text, re.M)
    rest = re.sub(r"\$\$.+?\$\$", "", text)
    inline = re.findall(r"\$([^$\n]+)\$", rest)
    assert rest.count("$") == 2 * len(inline)
    assert page.name == "index.md" or shown
    for formula in shown + inline:
        # Markdown on GitHub takes these backslashes away before the formula is read.
        assert not re.search(r"\\[^A-Za-z]", formula), formula
        assert "merror" not in mathml.convert(formula)


# The formulas as the pages write them, against the code that they name. Sizes are small and arbitrary.


def embedding(*shape: int, vector: int = 6) -> Embedding:
    return Embedding(torch.randn(shape[0], vector), torch.rand(*shape))


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_fan():
    attention = FrameAttention(6, "relation").eval()
    for parameter in attention.parameters():
        torch.nn.init.normal_(parameter)
    f = torch.randn(1, 5, 6)
    v = attention(f, torch.ones(1, 5, dtype=torch.bool))[0][0].detach().numpy()
    (q0, b0), (q1, b1) = (
        (layer.weight.detach().numpy()[0], layer.bias.item())
        for layer in (attention.score[0], attention.relation)
    )
    f = f[0].numpy()
    alpha = sigmoid(f @ q0 + b0)
    summary = (alpha[:, None] * f).sum(0) / alpha.sum()
    both = np.concatenate([f, np.tile(summary, (5, 1))], axis=1)
    weight = alpha * sigmoid(both @ q1 + b1)
    assert np.allclose(v, (weight[:, None] * both).sum(0) / weight.sum(), atol=1e-5)


def test_crn():
    head = CRNHead("face").eval()
    support, query, labels = embedding(4, 1, 64, 4, 4), embedding(2, 1, 64, 4, 4), torch.tensor([0, 0, 1, 1])
    prototypes = support.maps.unflatten(0, (2, 2)).mean(1)
    of_prototypes = head.relation(query.maps, prototypes)[:, 0]
    of_shots = head.relation(query.maps, support.maps)[:, 0].unflatten(1, (2, 2)).mean(-1)
    assert torch.allclose(head(support, labels, query), of_prototypes * of_shots, atol=1e-5)

    p = prototypes.flatten(1).softmax(-1)
    middle = p.mean(0)
    js = sum((one * (one / middle).log2()).sum() for one in p) / 2
    # Of the four pairs two are of one class with itself, whose divergence is 0 and whose target is 1.
    loss = 1 - (2 * 1 + 2 * js**2) / 4
    assert torch.allclose(divergence_loss(head.distributions(prototypes)), loss, atol=1e-5)


def test_csrn():
    head = CSRNHead().eval()
    support, query, labels = (
        embedding(6, 3, 64, 14, 14),
        embedding(2, 3, 64, 14, 14),
        torch.tensor([0, 0, 0, 1, 1, 1]),
    )
    faces = support.maps[:, 0].unflatten(0, (2, 3))
    means = faces.mean((-2, -1))  # (N, K, C)
    nearest = (means.mean(1, keepdim=True) - means).abs().argmin(1)
    prototypes = torch.stack([torch.stack([faces[n, nearest[n, c], c] for c in range(64)]) for n in range(2)])
    assert torch.equal(select_channels(support.maps[:, 0], labels), prototypes)
    pairs = head.relation(query.maps, support.maps).unflatten(2, (2, 3)).sum((1, 3))
    to_prototypes = head.relation(query.maps[:, :1], prototypes[:, None])[:, 0]
    assert torch.allclose(head(support, labels, query), pairs + 3 * 0.7 * to_prototypes, atol=1e-4)


def test_egs_net():
    head = SimilarityHead(7.0)
    support, query = embedding(4, 1, 1, 1, 1), embedding(3, 1, 1, 1, 1)
    cosines = torch.cosine_similarity(query.vector[:, None], support.vector[None], dim=-1)
    scores = 7.0 * cosines.unflatten(1, (2, 2)).mean(-1)
    assert torch.allclose(head(support, torch.tensor([0, 0, 1, 1]), query), scores, atol=1e-5)
