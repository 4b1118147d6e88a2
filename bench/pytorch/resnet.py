"""ResNet in PyTorch, with torchvision's names. A bottleneck's stride is in its 3x3 convolution."""
import torch.nn as nn
import torch.nn.functional as F


def conv(inputs, outputs, kernel, stride=1):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)


class Block(nn.Module):
    """Convolutions with batch norm, ReLU between them and after the sum with the input."""

    def __init__(self, inputs, outputs, stride, layers):
        super().__init__()
        self.layers = len(layers)
        for index, layer in enumerate(layers, 1):
            setattr(self, f"conv{index}", layer)
            setattr(self, f"bn{index}", nn.BatchNorm2d(layer.out_channels))
        self.downsample = None
        if stride > 1 or inputs != outputs:
            self.downsample = nn.Sequential(conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))

    def forward(self, x):
        shortcut = self.downsample(x) if self.downsample else x
        for index in range(1, self.layers + 1):
            x = getattr(self, f"bn{index}")(getattr(self, f"conv{index}")(x))
            x = F.relu(x + shortcut if index == self.layers else x)
        return x


def basic(inputs, width, stride):
    return Block(inputs, width, stride, [conv(inputs, width, 3, stride), conv(width, width, 3)])


def bottleneck(inputs, width, stride):
    layers = [conv(inputs, width, 1), conv(width, width, 3, stride), conv(width, 4 * width, 1)]
    return Block(inputs, 4 * width, stride, layers)


class ResNet(nn.Module):
    DEPTHS = {
        18: (basic, 1, (2, 2, 2, 2)),
        34: (basic, 1, (3, 4, 6, 3)),
        50: (bottleneck, 4, (3, 4, 6, 3)),
        101: (bottleneck, 4, (3, 4, 23, 3)),
        152: (bottleneck, 4, (3, 8, 36, 3)),
    }

    def __init__(self, depth):
        super().__init__()
        block, expansion, stages = self.DEPTHS[depth]
        self.conv1 = conv(3, 64, 7, 2)
        self.bn1 = nn.BatchNorm2d(64)
        self.taps = [(4 << stage, (64 << stage) * expansion) for stage in range(4)]
        inputs = 64
        for stage, (blocks, (_, outputs)) in enumerate(zip(stages, self.taps)):
            layers = []
            for index in range(blocks):
                layers.append(block(inputs, 64 << stage, 2 if stage > 0 and index == 0 else 1))
                inputs = outputs
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layers))

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        features = []
        for stage in (1, 2, 3, 4):
            x = getattr(self, f"layer{stage}")(x)
            features.append(x)
        return features
