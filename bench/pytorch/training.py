"""Three training steps of RefineNet-LW-MobileNet-v2: losses, L2 norms of gradients and of the result."""
import torch
import torch.nn.functional as F

from formula import random

MOMENTUM = 0.9
WEIGHT_DECAY = 1e-5
RATES = {"backbone": 1e-6, "decoder": 1e-5}


def target(height, width):
    """Labels 0 to 20 and 255 (ignored) in blocks of 8x8 pixels: 2 x height x width."""
    blocks = torch.from_numpy((22 * random("target", 2 * height * width // 64)).astype("int64"))
    blocks[blocks == 21] = 255
    return blocks.reshape(2, height // 8, width // 8).repeat_interleave(8, 1).repeat_interleave(8, 2)


def three_steps(network, images, labels, batch_statistics):
    """Values are those of the network's own float type. Weights must be filled before."""
    network.train(batch_statistics)
    groups = [dict(params=getattr(network, half).parameters(), lr=rate) for half, rate in RATES.items()]
    optimizer = torch.optim.SGD(groups, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY)
    losses, gradients = [], {}
    for _ in range(3):
        scores = F.interpolate(network(images), size=labels.shape[-2:], mode="bilinear", align_corners=False)
        loss = F.cross_entropy(scores, labels, ignore_index=255)
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        if not gradients:
            for half in (network.backbone, network.decoder):
                for name, tensor in half.named_parameters():
                    gradients[name] = tensor.grad.norm().item()
        optimizer.step()
    velocities = {}
    for half in (network.backbone, network.decoder):
        for name, tensor in half.named_parameters():
            velocities[name] = optimizer.state[tensor]["momentum_buffer"].norm().item()
    norms = {name: tensor.norm().item() for name, tensor in network.official_parameters().items()}
    return losses, gradients, velocities, norms
