"""The decoders of RefineNet and Light-Weight RefineNet in PyTorch, with the authors' names. No dropout."""
from functools import reduce
from operator import add

import torch.nn as nn
import torch.nn.functional as F


def conv(inputs, outputs, kernel, bias=False):
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=bias)


def up(x, like):
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=True)


class ChainedResidualPooling(nn.Module):
    def __init__(self, channels, kernel):
        super().__init__()
        for link in range(1, 5):
            setattr(self, f"{link}_outvar_dimred", conv(channels, channels, kernel))

    def forward(self, x):
        top = x
        for link in range(1, 5):
            top = getattr(self, f"{link}_outvar_dimred")(F.max_pool2d(top, 5, 1, 2))
            x = x + top
        return x


class ResidualUnits(nn.Module):
    """Units of ReLU before convolutions, and a shortcut. `layers`: name, inputs, outputs, kernel, bias."""

    def __init__(self, units, layers):
        super().__init__()
        self.units = []
        for unit in range(1, units + 1):
            self.units.append([f"{unit}_{name}" for name, *_ in layers])
            for name, *shape in layers:
                setattr(self, f"{unit}_{name}", conv(*shape))

    def forward(self, x):
        for names in self.units:
            shortcut = x
            for name in names:
                x = getattr(self, name)(F.relu(x))
            x = x + shortcut
        return x


def full_unit(channels):
    return [("conv", channels, channels, 3, True), ("conv_relu_varout_dimred", channels, channels, 3, False)]


def bottleneck_unit(channels):
    half = channels // 2
    return [
        ("conv", channels, half, 1, True),
        ("conv_relu", half, half, 3, False),
        ("conv_relu_varout_dimred", half, channels, 1, False),
    ]


class RefineNet(nn.Module):
    """`kernel` is 3 in the original, 1 in Light-Weight RefineNet. `unit` describes the RCUs, if any."""

    def __init__(self, taps, classes, kernel, unit=None):
        super().__init__()
        self.add_block(1, taps[3][1], 512, kernel, unit)
        self.add_block(2, taps[2][1], 256, kernel, unit)
        self.add_block(3, taps[1][1], 256, kernel, unit)
        self.add_block(4, taps[0][1], 256, kernel, unit)
        self.clf_conv = conv(256, classes, 3, bias=True)

    def add_block(self, n, inputs, width, kernel, unit):
        def units(count):
            return nn.Sequential(ResidualUnits(count, unit(width)) if unit else nn.Identity())

        setattr(self, f"p_ims1d2_outl{n}_dimred", conv(inputs, width, kernel))
        setattr(self, f"adapt_stage{n}_b", units(2))
        if n > 1:
            setattr(self, f"adapt_stage{n}_b2_joint_varout_dimred", conv(width, width, kernel))
        setattr(self, f"mflow_conv_g{n}_pool", nn.Sequential(ChainedResidualPooling(width, kernel)))
        setattr(self, f"mflow_conv_g{n}_b", units(3))
        if n < 4:
            setattr(self, f"mflow_conv_g{n}_b3_joint_varout_dimred", conv(width, 256, kernel))

    def forward(self, features):
        coarser = None
        for n, tap in enumerate(reversed(features), 1):
            x = getattr(self, f"adapt_stage{n}_b")(getattr(self, f"p_ims1d2_outl{n}_dimred")(tap))
            if n > 1:
                x = getattr(self, f"adapt_stage{n}_b2_joint_varout_dimred")(x)
                x = x + up(coarser, x)
            x = getattr(self, f"mflow_conv_g{n}_pool")(F.relu(x))
            x = getattr(self, f"mflow_conv_g{n}_b")(x)
            coarser = x if n == 4 else getattr(self, f"mflow_conv_g{n}_b3_joint_varout_dimred")(x)
        return self.clf_conv(coarser)


class RefineNetMobile(nn.Module):
    """Taps of equal stride are summed. Their convolutions count from `first`, from fine to coarse."""

    def __init__(self, taps, classes, first):
        super().__init__()
        self.levels = []
        for stride in (4, 8, 16, 32):
            self.levels.append([(f"conv{first + i}", i) for i, tap in enumerate(taps) if tap[0] == stride])
        for level in self.levels:
            for name, index in level:
                setattr(self, name, conv(taps[index][1], 256, 1))
        for level in (4, 3, 2, 1):
            setattr(self, f"crp{level}", nn.Sequential(ChainedResidualPooling(256, 1)))
            if level > 1:
                setattr(self, f"conv_adapt{level}", conv(256, 256, 1))
        self.segm = conv(256, classes, 3, bias=True)

    def forward(self, features):
        coarser = None
        for level in (4, 3, 2, 1):
            # Not `sum`, which would add 0 to a feature map first: this network is timed.
            x = reduce(add, (getattr(self, name)(features[index]) for name, index in self.levels[level - 1]))
            if coarser is not None:
                x = x + up(getattr(self, f"conv_adapt{level + 1}")(coarser), x)
            coarser = getattr(self, f"crp{level}")(F.relu6(x))
        return self.segm(coarser)
