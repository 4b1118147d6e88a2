"""Times PyTorch eager's training step: frozen batch norm, SGD, two rates. Prints ms, one line a step."""
import json
import sys
import time

import torch
import torch.nn.functional as F

from family import Network

options = json.loads(sys.argv[1])
torch.set_num_threads(options["threads"])
torch.manual_seed(0)
model = Network("refinenet-lw-mobilenet-v2", options["classes"])
model.train()
for module in model.modules():
    if isinstance(module, torch.nn.BatchNorm2d):
        module.eval()
optimizer = torch.optim.SGD(
    [dict(params=model.backbone.parameters(), lr=1e-4), dict(params=model.decoder.parameters(), lr=1e-3)],
    momentum=0.9,
    weight_decay=1e-5,
)
batch, size = options["batch"], options["size"]
images = torch.randn(batch, 3, size, size)
targets = torch.randint(0, options["classes"], (batch, size, size))

print(torch.__version__, flush=True)
for _ in sys.stdin:  # A line asks for one step, so that the two peers take turns on one machine.
    start = time.perf_counter()
    scores = F.interpolate(model(images), size=(size, size), mode="bilinear", align_corners=False)
    loss = F.cross_entropy(scores, targets, ignore_index=255)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    loss.item()
    print((time.perf_counter() - start) * 1e3, flush=True)
