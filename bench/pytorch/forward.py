"""Times a forward pass of PyTorch, eager or as frozen TorchScript. Prints milliseconds, one line a pass."""
import json
import sys
import time

import torch

from family import Network

options = json.loads(sys.argv[1])
torch.set_num_threads(options["threads"])
torch.manual_seed(0)
model = Network(options["network"], options["classes"]).eval()
images = torch.randn(options["batch"], 3, options["size"], options["size"])

with torch.inference_mode():
    if options["frozen"]:
        model = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(model, images)))
    print(torch.__version__, flush=True)
    for _ in sys.stdin:  # A line asks for one pass, so that the peers take turns on one machine.
        start = time.perf_counter()
        model(images)
        print((time.perf_counter() - start) * 1e3, flush=True)
