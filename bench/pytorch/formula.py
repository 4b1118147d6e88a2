"""Parameters and a photo from mulberry32 seeded with FNV-1a of the name, as test/support/formula.ts."""
import numpy as np
import torch


def fnv1a(text):
    value = 0x811C9DC5
    for byte in text.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def random(name, count):
    """`count` numbers in [0, 1)."""
    a = np.arange(1, count + 1, dtype=np.uint32) * np.uint32(0x6D2B79F5) + np.uint32(fnv1a(name))
    t = (a ^ a >> np.uint32(15)) * (a | np.uint32(1))
    t = (t + (t ^ t >> np.uint32(7)) * (t | np.uint32(61))) ^ t
    return (t ^ t >> np.uint32(14)) / 2**32


def values(name, shape):
    u = 2 * random(name, int(np.prod(shape))) - 1
    if name.endswith(".running_mean"):
        u = 0.1 * u
    elif name.endswith(".running_var"):
        u = 1 + 0.2 * u
    elif len(shape) == 1:
        u = 1 + 0.1 * u if name.endswith(".weight") else 0.1 * u
    else:
        u = u * np.sqrt(3 / np.prod(shape[1:]))
    return torch.from_numpy(u.astype(np.float32).reshape(shape))


def official_parameters(*modules):
    """Every parameter and stored statistic by its official name, as if the modules were one."""
    tensors = {}
    for module in modules:
        for name, tensor in module.state_dict().items():
            if not name.endswith("num_batches_tracked"):
                assert name not in tensors, name
                tensors[name] = tensor
    return tensors


def fill(tensors):
    with torch.no_grad():
        for name, tensor in tensors.items():
            tensor.copy_(values(name, tuple(tensor.shape)))


def photo(height, width, count=1):
    """Normalised photos, count x 3 x height x width, values in [-1, 1)."""
    u = 2 * random("image", count * 3 * height * width) - 1
    return torch.from_numpy(u.astype(np.float32).reshape(count, 3, height, width))
