"""
Writes test/fixtures/family.json, for test/models/family.test.ts. Needs PyTorch and NumPy:

  python3 bench/pytorch/write_fixture.py && npx biome check --write test/fixtures/family.json
"""
import json
from pathlib import Path

import torch

from family import NETWORKS, Network
from formula import fill, photo

CLASSES = 21
EVERY = 139
NAMES = [*NETWORKS, "refinenet-lw+resnet-18", "refinenet-lw+resnet-34", "refinenet-lw-mobile+resnet-18"]
# NASNet's shifted layers need maps that halve: 129 x 161 becomes 64 x 80, 32 x 40 ... 4 x 5.
SIZES = {"refinenet-lw-nasnet-mobile": (129, 161)}

ABOUT = (
    "Scores of PyTorch, written by bench/pytorch/write_fixture.py. "
    "Parameters are filled as in bench/pytorch/formula.py; value i of the photo, "
    "row-major, is 2 r - 1 with r the i-th output of mulberry32 seeded with FNV-1a('image'). "
    f"`scores` holds every {EVERY}th score, the first included."
)


def shortest(value):
    """The shortest decimal number that is this float32."""
    return float(str(value))


def describe(name):
    height, width = SIZES.get(name, (65, 97))
    network = Network(name, CLASSES).eval()
    fill(network.official_parameters())
    scores = network(photo(height, width))
    return {
        "input": [1, 3, height, width],
        "parameters": sum(tensor.numel() for tensor in network.parameters()),
        "output": list(scores.shape),
        "largest": shortest(scores.abs().max().numpy()),
        "scores": [shortest(score) for score in scores.flatten()[::EVERY].numpy()],
    }


torch.set_grad_enabled(False)
networks = {}
for name in NAMES:
    networks[name] = describe(name)
    print(name, networks[name]["parameters"], networks[name]["largest"], flush=True)
path = Path(__file__).parents[2] / "test" / "fixtures" / "family.json"
path.parent.mkdir(exist_ok=True)
fixture = {"about": ABOUT, "classes": CLASSES, "every": EVERY, "networks": networks}
path.write_text(json.dumps(fixture, indent=2) + "\n")
