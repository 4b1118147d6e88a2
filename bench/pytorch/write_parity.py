"""
Writes the fixtures by which the tests compare with the authors' networks, from the definitions of this folder
(compare_golden.py says how near these are to the authors'). Needs PyTorch and NumPy:

  python3 bench/pytorch/write_parity.py && npx biome check --write test/fixtures

  names/NETWORK.json  names and shapes of parameters and stored statistics
  features.json       logits of NDNet45 and the stages of VAN-B0, in float64
  training.json       three training steps of RefineNet-LW-MobileNet-v2, frozen and with batch statistics
  checkpoint.pth.tar  a checkpoint of before PyTorch 1.6, nested as by the authors' training script
  checkpoint.pth      the same in today's container
  array.npy           an array saved by NumPy
"""
import json
from pathlib import Path

import numpy as np
import torch

from family import Network
from formula import fill, official_parameters, photo, random
from ndnet import NDNet45
from training import target, three_steps
from van import VAN

EVERY = 139
FOLDER = Path(__file__).parents[2] / "test" / "fixtures"
FORMULA = (
    "Values of PyTorch in float64, written by bench/pytorch/write_parity.py. "
    "Parameters are filled as in bench/pytorch/formula.py; value i of the photos, row-major, "
    "is 2 r - 1 with r the i-th output of mulberry32 seeded with FNV-1a('image')."
)


def write(name, value):
    path = FOLDER / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")


def digits(value):
    return float(f"{value:.7g}")


def sample(output):
    return {
        "output": list(output.shape),
        "largest": digits(output.abs().max()),
        "values": [digits(value) for value in output.flatten()[::EVERY]],
    }


def names(tensors):
    return {name: list(tensor.shape) for name, tensor in tensors.items()}


def write_features():
    ndnet, van = NDNet45(19), VAN()
    for module in (ndnet, van):
        fill(official_parameters(module))
        module.eval().double()
    image = photo(65, 97).double()
    with torch.no_grad():
        scores, stages = ndnet(image), van(image)
    write("names/ndnet45.json", names(official_parameters(ndnet)))
    write("names/van-b0.json", names(official_parameters(van)))
    about = f"{FORMULA} `values` holds every {EVERY}th value of the output, the first included."
    write("features.json", {
        "about": about,
        "every": EVERY,
        "input": list(image.shape),
        "ndnet45": sample(scores),
        "van-b0": {f"stage{stage}": sample(output) for stage, output in enumerate(stages, 1)},
    })


def write_training():
    runs = {}
    for name, batch_statistics in (("frozen", False), ("trained", True)):
        network = Network("refinenet-lw-mobilenet-v2", 21)
        fill(network.official_parameters())
        steps = three_steps(network.double(), photo(96, 128, 2).double(), target(96, 128), batch_statistics)
        losses, gradients, velocities, norms = steps
        runs[name] = {
            "losses": [digits(loss) for loss in losses],
            "norms": {name: [digits(gradients[name]), digits(velocities[name])] for name in gradients},
        }
        if batch_statistics:
            running = {name: digits(norm) for name, norm in norms.items() if ".running_" in name}
            runs[name]["running"] = running
    about = (
        f"{FORMULA} Target: bench/pytorch/training.py. `losses` are those before each step; "
        "`norms` has for each parameter the L2 norm of its gradient at the first step and of its velocity "
        "after the third, `running` the norms of stored statistics after the third."
    )
    write("training.json", {"about": about, **runs})


def write_checkpoints():
    network = Network("refinenet-lw-mobilenet-v2", 21)
    fill(network.official_parameters())
    layer1 = network.backbone.layer1.state_dict()
    segmenter = {f"module.layer1.{name}": tensor for name, tensor in layer1.items()}
    state = {"epoch_start": 7, "best_val": 0.5, "segmenter": segmenter}
    torch.save(state, FOLDER / "checkpoint.pth.tar", _use_new_zipfile_serialization=False)
    torch.save(state, FOLDER / "checkpoint.pth")
    np.save(FOLDER / "array.npy", (2 * random("array", 24) - 1).astype(np.float32).reshape(2, 3, 4))


for name in ("refinenet-lw-50", "refinenet-lw-mobilenet-v2", "refinenet-101"):
    write(f"names/{name}.json", names(Network(name, 21).official_parameters()))
write_features()
write_training()
write_checkpoints()
