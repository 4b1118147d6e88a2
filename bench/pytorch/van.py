"""VAN-B0's four stages in PyTorch, with the names of its authors."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def depthwise(channels, kernel, dilation=1):
    return nn.Conv2d(channels, channels, kernel, 1, dilation * (kernel // 2), dilation, channels)


class PatchEmbedding(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride):
        super().__init__()
        self.proj = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return self.norm(self.proj(x))


class LargeKernelAttention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv0 = depthwise(channels, 5)
        self.conv_spatial = depthwise(channels, 7, 3)
        self.conv1 = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        return x * self.conv1(self.conv_spatial(self.conv0(x)))


class Attention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.proj_1 = nn.Conv2d(channels, channels, 1)
        self.spatial_gating_unit = LargeKernelAttention(channels)
        self.proj_2 = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        return x + self.proj_2(self.spatial_gating_unit(F.gelu(self.proj_1(x))))


class DepthwiseConv(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.dwconv = depthwise(channels, 3)

    def forward(self, x):
        return self.dwconv(x)


class MLP(nn.Module):
    def __init__(self, channels, ratio):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels * ratio, 1)
        self.dwconv = DepthwiseConv(channels * ratio)
        self.fc2 = nn.Conv2d(channels * ratio, channels, 1)

    def forward(self, x):
        return self.fc2(F.gelu(self.dwconv(self.fc1(x))))


class Block(nn.Module):
    def __init__(self, channels, ratio):
        super().__init__()
        self.layer_scale_1 = nn.Parameter(torch.ones(channels))
        self.layer_scale_2 = nn.Parameter(torch.ones(channels))
        self.norm1 = nn.BatchNorm2d(channels)
        self.attn = Attention(channels)
        self.norm2 = nn.BatchNorm2d(channels)
        self.mlp = MLP(channels, ratio)

    def forward(self, x):
        x = x + self.layer_scale_1[:, None, None] * self.attn(self.norm1(x))
        return x + self.layer_scale_2[:, None, None] * self.mlp(self.norm2(x))


class VAN(nn.Module):
    """Channels, blocks and MLP ratio of each stage of VAN-B0."""

    STAGES = [(32, 3, 8), (64, 3, 8), (160, 5, 4), (256, 2, 4)]

    def __init__(self):
        super().__init__()
        inputs = 3
        for stage, (channels, blocks, ratio) in enumerate(self.STAGES, 1):
            patch = (7, 4) if stage == 1 else (3, 2)
            setattr(self, f"patch_embed{stage}", PatchEmbedding(inputs, channels, *patch))
            setattr(self, f"block{stage}", nn.Sequential(*(Block(channels, ratio) for _ in range(blocks))))
            setattr(self, f"norm{stage}", nn.LayerNorm(channels, eps=1e-5))
            inputs = channels

    def forward(self, x):
        stages = []
        for stage in (1, 2, 3, 4):
            x = getattr(self, f"block{stage}")(getattr(self, f"patch_embed{stage}")(x))
            x = getattr(self, f"norm{stage}")(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
            stages.append(x)
        return stages
