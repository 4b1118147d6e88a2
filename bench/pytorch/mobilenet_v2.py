"""MobileNet-v2 as Light-Weight RefineNet's authors have it: an expansion in every block, no last layer."""
import torch.nn as nn


def conv_bn(inputs, outputs, kernel, stride=1, groups=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    )


def conv_bn_relu6(*shape):
    return conv_bn(*shape).append(nn.ReLU6(inplace=True))


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, expansion, stride):
        super().__init__()
        width = inputs * expansion
        self.residual = stride == 1 and inputs == outputs
        self.output = nn.Sequential(
            conv_bn_relu6(inputs, width, 1),
            conv_bn_relu6(width, width, 3, stride, width),
            conv_bn(width, outputs, 1),
        )

    def forward(self, x):
        return x + self.output(x) if self.residual else self.output(x)


class MobileNetV2(nn.Module):
    STAGES = [
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ]

    def __init__(self):
        super().__init__()
        self.layer1 = conv_bn_relu6(3, 32, 3, 2)
        self.taps = []
        channels, total = 32, 2
        for index, (expansion, outputs, blocks, stride) in enumerate(self.STAGES):
            stage = []
            for block in range(blocks):
                stage.append(InvertedResidual(channels, outputs, expansion, stride if block == 0 else 1))
                channels = outputs
            setattr(self, f"layer{index + 2}", nn.Sequential(*stage))
            total *= stride
            if index > 0:
                self.taps.append((total, outputs))

    def forward(self, x):
        x = self.layer2(self.layer1(x))
        features = []
        for stage in range(3, 9):
            x = getattr(self, f"layer{stage}")(x)
            features.append(x)
        return features
