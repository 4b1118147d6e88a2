"""
Compares the definitions of this folder with values saved from the authors' networks, which makes the fixtures
written from them evidence.

  python3 bench/pytorch/compare_golden.py FOLDER

The folder holds parameter names and shapes (NAME_names.json), logits and feature maps (.npy) and three
training steps (mbv2_21_training.json) of the authors' networks, filled as in formula.py, and the photo that
they saw. Printed for float32 and float64: the largest difference of logits, relative to the largest logit; of
losses and norms, the largest relative difference. Run in November 2026 (PyTorch 1.13, AVX2):

- names and shapes: equal in all five networks
- logits of MobileNet-v2, LW-50 and NDNet45, and the four stages of VAN-B0: at most 1.8e-6 in float32, 1.5e-6
  in float64 (tests allow 1e-4)
- three steps with frozen batch norm, in float64: losses 6.3e-7 (tests allow 1e-4), gradient norms 2.3e-4
  (1e-3), norms of parameters 1.7e-8
- with batch statistics, which amplify rounding, in float64: losses 2.7e-6, 3.3e-5 and 3.2e-3 (1e-4, 1e-3,
  2e-2), gradient norms 4.0e-3 (2e-2), running statistics 8.6e-5 (1e-3); without layer2.0.output.2.1.bias,
  whose true gradient is zero

The saved values are float32; gradients in float32 differ from themselves in float64 by up to 4.1e-3.
"""
import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from family import Network
from formula import fill, official_parameters
from ndnet import NDNet45
from training import target, three_steps
from van import VAN

folder = Path(sys.argv[1])
pixels = np.array(Image.open(folder / "photo_209x161.png").convert("RGB"))


def normalized(pixels, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)):
    """Photos, N x H x W x 3 bytes, as N x 3 x H x W float32."""
    x = (pixels / 255 - np.array(mean)) / np.array(std)
    return torch.from_numpy(x.astype(np.float32)).permute(0, 3, 1, 2).contiguous()


def difference(actual, file):
    expected = torch.from_numpy(np.load(folder / file)).double()
    assert actual.shape == expected.shape, (actual.shape, expected.shape)
    return ((actual.double() - expected).abs().max() / expected.abs().max()).item()


def compare_names(tensors, file):
    expected = json.loads((folder / file).read_text())
    assert {name: list(tensor.shape) for name, tensor in tensors.items()} == expected, file
    print(f"{file}: {len(expected)} names and shapes are the same")


def compare_outputs(module, tensors, images, files):
    fill(tensors)
    for dtype in (torch.float32, torch.float64):
        with torch.no_grad():
            outputs = module.eval().to(dtype)(images.to(dtype))
        for output, file in zip(outputs if isinstance(outputs, list) else [outputs], files):
            print(f"{file} in {dtype}: {difference(output, file):.1e}", flush=True)


photo = normalized(pixels[None])
for name, short in (("refinenet-lw-mobilenet-v2", "mbv2"), ("refinenet-lw-50", "rf_lw50")):
    network = Network(name, 21)
    compare_names(network.official_parameters(), f"{short}_21_names.json")
    compare_outputs(network, network.official_parameters(), photo, [f"{short}_21_logits.npy"])
compare_names(Network("refinenet-101", 21).official_parameters(), "refinenet101_21_names.json")

ndnet = NDNet45(19)
compare_names(official_parameters(ndnet), "ndnet45_ende_19_names.json")
half = (0.5, 0.5, 0.5)
compare_outputs(
    ndnet, official_parameters(ndnet), normalized(pixels[None], half, half), ["ndnet45_ende_19_logits.npy"]
)

van = VAN()
compare_names(official_parameters(van), "van_b0_names.json")
compare_outputs(van, official_parameters(van), photo, [f"van_b0_stage{stage}.npy" for stage in (1, 2, 3, 4)])

crops = normalized(np.stack([pixels[0:96, 0:128], pixels[60:156, 70:198]]))
for key, expected in json.loads((folder / "mbv2_21_training.json").read_text()).items():
    for dtype in (torch.float32, torch.float64):
        network = Network("refinenet-lw-mobilenet-v2", 21)
        fill(network.official_parameters())
        steps = three_steps(network.to(dtype), crops.to(dtype), target(96, 128), key == "train_bn")
        losses, gradients, _, norms = steps
        apart = lambda actual, expected: abs(actual / expected - 1)
        worst = lambda actual, expected: max(
            (apart(actual[name], value), name) for name, value in expected.items()
        )
        differences = [apart(*pair) for pair in zip(losses, expected["losses"])]
        print(f"{key} in {dtype}: losses", *(f"{difference:.1e}" for difference in differences))
        assert set(gradients) == set(expected["grad_l2"])
        differences = [(apart(gradients[name], value), name) for name, value in expected["grad_l2"].items()]
        ordered = sorted(differences, reverse=True)
        print("  gradient norms", *(f"{error:.1e} {name}" for error, name in ordered[:3]))
        print("  norms of parameters %.1e %s" % worst(norms, expected["param_l2_after_3_steps"]))
        if "running_after_3_steps" in expected:
            difference = worst(norms, expected["running_after_3_steps"])
            print("  norms of running statistics %.1e %s" % difference, flush=True)
