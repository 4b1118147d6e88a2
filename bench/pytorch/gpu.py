"""
Times PyTorch: photos to labels, or a training step with frozen batch norm, as `bench/gpu.ts` asks in JSON.
Prints `{"times": [ms ...]}`; without a question the versions of PyTorch and card, if there is one.
"""
import json
import sys
import time

import torch
import torch.nn.functional as F

from family import NETWORKS, Network
from ndnet import NDNet45

CLASSES = 21


def build(name):
    return Network(name, CLASSES) if name in NETWORKS or "+" in name else NDNet45(CLASSES)


def prepare_forward(options, model, device):
    """From bytes [N, H, W, 3] in the computer's memory to labels there."""
    dtype = torch.float16 if options["dtype"] == "fp16" else torch.float32
    model = model.eval().to(device, dtype)
    size = (options["height"], options["width"])
    photos = torch.randint(0, 256, (options["batch"], *size, 3), dtype=torch.uint8)

    def network(pixels):
        scores = model(pixels.permute(0, 3, 1, 2).to(dtype) / 128 - 1)
        scores = F.interpolate(scores, size=size, mode="bilinear", align_corners=False)
        return scores.argmax(1).to(torch.uint8)

    if options["peer"] == "compiled":
        network = torch.compile(network)

    def run():
        with torch.inference_mode():
            return network(photos.to(device)).cpu()

    return run


def prepare_step(options, model, device):
    model = model.to(device).train()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9, weight_decay=1e-5)
    batch, size = options["batch"], (options["height"], options["width"])
    images = torch.randn(batch, 3, *size)
    targets = torch.randint(0, CLASSES, (batch, *size))

    def loss_of(images, targets):
        scores = F.interpolate(model(images), size=size, mode="bilinear", align_corners=False)
        return F.cross_entropy(scores, targets, ignore_index=255)

    if options["peer"] == "compiled":
        loss_of = torch.compile(loss_of)

    def run():
        loss = loss_of(images.to(device), targets.to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return run


def time_runs(options):
    device = torch.device(options["device"])
    torch.backends.cuda.matmul.allow_tf32 = options["peer"] == "eager tf32"
    torch.backends.cudnn.allow_tf32 = options["peer"] == "eager tf32"
    torch.manual_seed(0)
    prepare = prepare_forward if options["kind"] == "forward" else prepare_step
    run = prepare(options, build(options["network"]), device)
    times = []
    for _ in range(options["warmup"] + options["runs"]):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    return times[options["warmup"]:]


if len(sys.argv) > 1:
    print(json.dumps({"times": time_runs(json.loads(sys.argv[1]))}))
else:
    print(json.dumps({"version": torch.__version__, "device": torch.cuda.get_device_name()}))
