"""
NASNet-A (4 @ 1056) in PyTorch, with the names of pretrained-models.pytorch, whose weights came from
TensorFlow.

TensorFlow pads maps of even size at the right and the bottom only. So after the stem all layers of stride 2
are shifted by one pixel: a row and a column of zeros are put before the map, and the first row and column of
the result are dropped.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


def shifted(layer, x):
    return layer(F.pad(x, (1, 0, 1, 0)))[:, :, 1:, 1:]


def max_pool(x):
    return F.max_pool2d(x, 3, 2, 1)


def avg_pool(x, stride=1):
    return F.avg_pool2d(x, 3, stride, 1, count_include_pad=False)


def bn(channels):
    return nn.BatchNorm2d(channels, eps=1e-3)


class SeparableConv(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride):
        super().__init__()
        self.depthwise_conv2d = nn.Conv2d(
            inputs, inputs, kernel, stride, kernel // 2, groups=inputs, bias=False
        )
        self.pointwise_conv2d = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x):
        return self.pointwise_conv2d(self.depthwise_conv2d(x))


class Separable(nn.Module):
    """Twice ReLU, separable convolution, batch norm."""

    def __init__(self, inputs, outputs, kernel, stride=1, shift=False):
        super().__init__()
        self.shift = shift
        self.separable_1 = SeparableConv(inputs, outputs, kernel, stride)
        self.bn_sep_1 = bn(outputs)
        self.separable_2 = SeparableConv(outputs, outputs, kernel, 1)
        self.bn_sep_2 = bn(outputs)

    def forward(self, x):
        x = F.relu(x)
        x = shifted(self.separable_1, x) if self.shift else self.separable_1(x)
        return self.bn_sep_2(self.separable_2(F.relu(self.bn_sep_1(x))))


class Squeeze(nn.Sequential):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.add_module("relu", nn.ReLU())
        self.add_module("conv", nn.Conv2d(inputs, outputs, 1, bias=False))
        self.add_module("bn", bn(outputs))


class HalvedPrevious(nn.Module):
    """Halves the cell before the last: every second pixel, beside those one further right and down."""

    def add_halving(self, inputs, outputs):
        for path in ("path_1", "path_2"):
            setattr(self, path, nn.ModuleDict({"conv": nn.Conv2d(inputs, outputs // 2, 1, bias=False)}))
        self.final_path_bn = bn(outputs)

    def halve(self, x):
        x = F.relu(x)
        first = self.path_1["conv"](x[:, :, ::2, ::2])
        second = self.path_2["conv"](F.pad(x, (0, 1, 0, 1))[:, :, 1::2, 1::2])
        return self.final_path_bn(torch.cat([first, second], 1))


class ReducingCell(nn.Module):
    """The combinations that stems and reduction cells share; `a` and `b` are the two squeezed inputs."""

    def add_combinations(self, a, b, width, shift):
        self.shift = shift
        self.comb_iter_0_left = Separable(a, width, 5, 2, shift)
        self.comb_iter_0_right = Separable(b, width, 7, 2, shift)
        self.comb_iter_1_right = Separable(b, width, 7, 2, shift)
        self.comb_iter_2_right = Separable(b, width, 5, 2, shift)
        self.comb_iter_4_left = Separable(width, width, 3, 1, shift)

    def combine(self, a, b):
        def reduced(pool):
            return shifted(pool, a) if self.shift else pool(a)

        zero = self.comb_iter_0_left(a) + self.comb_iter_0_right(b)
        one = reduced(max_pool) + self.comb_iter_1_right(b)
        two = reduced(lambda x: avg_pool(x, 2)) + self.comb_iter_2_right(b)
        three = avg_pool(zero) + one
        four = self.comb_iter_4_left(zero) + reduced(max_pool)
        return torch.cat([one, two, three, four], 1)


class Stem0(ReducingCell):
    def __init__(self, inputs, width):
        super().__init__()
        self.conv_1x1 = Squeeze(inputs, width)
        self.add_combinations(width, inputs, width, shift=False)

    def forward(self, x):
        return self.combine(self.conv_1x1(x), x)


class Stem1(ReducingCell, HalvedPrevious):
    def __init__(self, inputs, previous, width):
        super().__init__()
        self.conv_1x1 = Squeeze(inputs, width)
        self.add_halving(previous, width)
        self.add_combinations(width, width, width, shift=True)

    def forward(self, x, previous):
        return self.combine(self.conv_1x1(x), self.halve(previous))


class Reduction(ReducingCell):
    def __init__(self, inputs, previous, width):
        super().__init__()
        self.conv_prev_1x1 = Squeeze(previous, width)
        self.conv_1x1 = Squeeze(inputs, width)
        self.add_combinations(width, width, width, shift=True)

    def forward(self, x, previous):
        return self.combine(self.conv_1x1(x), self.conv_prev_1x1(previous))


class Normal(HalvedPrevious):
    def __init__(self, inputs, previous, width, halves=False):
        super().__init__()
        self.halves = halves
        if halves:
            self.add_halving(previous, width)
        else:
            self.conv_prev_1x1 = Squeeze(previous, width)
        self.conv_1x1 = Squeeze(inputs, width)
        for name, kernel in dict(_0_left=5, _0_right=3, _1_left=5, _1_right=3, _4_left=3).items():
            setattr(self, f"comb_iter{name}", Separable(width, width, kernel))

    def forward(self, x, previous):
        left = self.halve(previous) if self.halves else self.conv_prev_1x1(previous)
        right = self.conv_1x1(x)
        zero = self.comb_iter_0_left(right) + self.comb_iter_0_right(left)
        one = self.comb_iter_1_left(left) + self.comb_iter_1_right(left)
        two = avg_pool(right) + left
        three = avg_pool(left) + avg_pool(left)
        four = self.comb_iter_4_left(right) + right
        return torch.cat([left, zero, one, two, three, four], 1)


class NASNetMobile(nn.Module):
    CELLS = [
        ("cell_0", 44), ("cell_1", 44), ("cell_2", 44), ("cell_3", 44), ("reduction_cell_0", 88),
        ("cell_6", 88), ("cell_7", 88), ("cell_8", 88), ("cell_9", 88), ("reduction_cell_1", 176),
        ("cell_12", 176), ("cell_13", 176), ("cell_14", 176), ("cell_15", 176),
    ]
    TAPS = dict(cell_stem_0=4, cell_stem_1=8, cell_3=8, cell_6=16, cell_9=16, cell_12=32, cell_15=32)

    def __init__(self):
        super().__init__()
        self.conv0 = nn.Sequential()
        self.conv0.add_module("conv", nn.Conv2d(3, 32, 3, 2, bias=False))
        self.conv0.add_module("bn", bn(32))
        self.cell_stem_0 = Stem0(32, 11)
        self.cell_stem_1 = Stem1(44, 32, 22)
        channels = dict(cell_stem_0=44, cell_stem_1=88)
        previous, inputs, halves = 44, 88, True
        for name, width in self.CELLS:
            reduces = name.startswith("reduction")
            cell = Reduction(inputs, previous, width) if reduces else Normal(inputs, previous, width, halves)
            setattr(self, name, cell)
            previous, inputs, halves = inputs, width * (4 if reduces else 6), reduces
            channels[name] = inputs
        self.taps = [(stride, channels[name]) for name, stride in self.TAPS.items()]

    def forward(self, x):
        x = self.conv0(x)
        outputs = dict(cell_stem_0=self.cell_stem_0(x))
        outputs["cell_stem_1"] = self.cell_stem_1(outputs["cell_stem_0"], x)
        previous, current = outputs.values()
        for name, _ in self.CELLS:
            previous, current = current, getattr(self, name)(current, previous)
            outputs[name] = current
        return [outputs[name] for name in self.TAPS]
