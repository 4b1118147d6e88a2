"""RefineNet-LW-MobileNet-v2 in PyTorch, with the authors' parameter names: the peer that the benchmarks measure against."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def conv_bn_relu6(inputs, outputs, kernel, stride=1, groups=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(inplace=True),
    )


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, expansion, stride):
        super().__init__()
        width = inputs * expansion
        self.residual = stride == 1 and inputs == outputs
        self.output = nn.Sequential(
            conv_bn_relu6(inputs, width, 1),
            conv_bn_relu6(width, width, 3, stride, width),
            nn.Sequential(nn.Conv2d(width, outputs, 1, bias=False), nn.BatchNorm2d(outputs)),
        )

    def forward(self, x):
        return x + self.output(x) if self.residual else self.output(x)


class CRP(nn.Module):
    def __init__(self, channels, links=4):
        super().__init__()
        for link in range(1, links + 1):
            setattr(self, f"{link}_outvar_dimred", nn.Conv2d(channels, channels, 1, bias=False))
        self.links = links
        self.pool = nn.MaxPool2d(5, 1, 2)

    def forward(self, x):
        top = x
        for link in range(1, self.links + 1):
            top = getattr(self, f"{link}_outvar_dimred")(self.pool(top))
            x = top + x
        return x


class RefineNetLWMobileNetV2(nn.Module):
    STAGES = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]

    def __init__(self, classes):
        super().__init__()
        self.layer1 = conv_bn_relu6(3, 32, 3, 2)
        channels = 32
        for index, (expansion, outputs, blocks, stride) in enumerate(self.STAGES):
            stage = []
            for block in range(blocks):
                stage.append(InvertedResidual(channels, outputs, expansion, stride if block == 0 else 1))
                channels = outputs
            setattr(self, f"layer{index + 2}", nn.Sequential(*stage))
        for name, inputs in dict(conv8=320, conv7=160, conv6=96, conv5=64, conv4=32, conv3=24).items():
            setattr(self, name, nn.Conv2d(inputs, 256, 1, bias=False))
        for level in (4, 3, 2, 1):
            setattr(self, f"crp{level}", nn.Sequential(CRP(256)))
            if level > 1:
                setattr(self, f"conv_adapt{level}", nn.Conv2d(256, 256, 1, bias=False))
        self.segm = nn.Conv2d(256, classes, 3, padding=1)

    def forward(self, x):
        taps = {}
        for stage in range(1, 9):
            x = taps[stage] = getattr(self, f"layer{stage}")(x)

        def up(features, like):
            return F.interpolate(features, size=like.shape[-2:], mode="bilinear", align_corners=True)

        l4 = self.crp4(F.relu6(self.conv8(taps[8]) + self.conv7(taps[7])))
        l6 = self.conv6(taps[6])
        l3 = self.crp3(F.relu6(l6 + self.conv5(taps[5]) + up(self.conv_adapt4(l4), l6)))
        l4 = self.conv4(taps[4])
        l2 = self.crp2(F.relu6(l4 + up(self.conv_adapt3(l3), l4)))
        l3 = self.conv3(taps[3])
        l1 = self.crp1(F.relu6(l3 + up(self.conv_adapt2(l2), l3)))
        return self.segm(l1)
