"""NDNet45's encoder-decoder form in PyTorch, with its authors' names. The auxiliary head is not run."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class ConvBn(nn.Module):
    """A convolution and batch norm."""

    def __init__(self, inputs, outputs, kernel=1, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return self.bn(self.conv(x))


class SeparableConv(nn.Module):
    """A depthwise 3x3 convolution, a 1x1 convolution, batch norm: nothing between the two convolutions."""

    def __init__(self, inputs, outputs, stride=1, dilation=1):
        super().__init__()
        self.dwconv = nn.Conv2d(inputs, inputs, 3, stride, dilation, dilation, groups=inputs, bias=False)
        self.pwconv = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return self.bn(self.pwconv(self.dwconv(x)))


class Bottleneck(nn.Module):
    def __init__(self, inputs, middle, stride, dilation):
        super().__init__()
        self.conv1 = SeparableConv(inputs, middle, stride, dilation)
        self.conv2 = SeparableConv(middle, 4 * middle, 1, dilation)
        if stride > 1 or inputs != 4 * middle:
            self.shortcut = SeparableConv(inputs, 4 * middle, stride, dilation)
        else:
            self.shortcut = nn.Identity()

    def forward(self, x):
        return F.relu(self.conv2(F.relu(self.conv1(x))) + self.shortcut(x))


class Features(nn.Module):
    """Blocks, width of their middle, stride and dilation of block3, block4 and block5: output stride 16."""

    STAGES = [(4, 16, 2, 1), (12, 32, 2, 1), (6, 64, 1, 2)]

    def __init__(self):
        super().__init__()
        self.conv1 = ConvBn(3, 8, 3, 2)
        inputs = 8
        for stage, (blocks, middle, stride, dilation) in enumerate(self.STAGES, 3):
            layers = []
            for block in range(blocks):
                layers.append(Bottleneck(inputs, middle, stride if block == 0 else 1, dilation))
                inputs = 4 * middle
            setattr(self, f"block{stage}", nn.Sequential(*layers))

    def forward(self, x):
        block3 = self.block3(F.max_pool2d(F.relu(self.conv1(x)), 3, 2, 1))
        return block3, self.block5(self.block4(block3))


class Head(nn.Module):
    def __init__(self, inputs, width, classes):
        super().__init__()
        self.transform = SeparableConv(inputs, width)
        self.score = nn.Conv2d(width, classes, 1)

    def forward(self, x):
        return self.score(F.relu(self.transform(x)))


class NDNet45(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.features = Features()
        self.fusion = ConvBn(256 + 64, 256)
        self.seg = Head(256, 64, classes)
        self.aux_seg = Head(128, 128, classes)

    def forward(self, x):
        block3, block5 = self.features(x)
        block5 = F.interpolate(block5, size=block3.shape[-2:], mode="bilinear", align_corners=True)
        return self.seg(F.relu(self.fusion(torch.cat([block5, block3], 1))))
