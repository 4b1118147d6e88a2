"""The RefineNet family in PyTorch, by the zoo's names: DECODER+BACKBONE, or one of `NETWORKS`."""
from functools import partial

import torch.nn as nn

from decoders import RefineNet, RefineNetMobile, bottleneck_unit, full_unit
from formula import official_parameters
from mobilenet_v2 import MobileNetV2
from nasnet_mobile import NASNetMobile
from resnet import ResNet

BACKBONES = {
    "mobilenet-v2": MobileNetV2,
    "nasnet-mobile": NASNetMobile,
    **{f"resnet-{depth}": partial(ResNet, depth) for depth in ResNet.DEPTHS},
}
DECODERS = {
    "refinenet-lw": partial(RefineNet, kernel=1),
    "refinenet-lw-rcu": partial(RefineNet, kernel=1, unit=bottleneck_unit),
    "refinenet": partial(RefineNet, kernel=3, unit=full_unit),
}
# The authors number MobileNet-v2's convolutions like its layers; a ResNet's `conv1` is the backbone's.
FIRST = {"mobilenet-v2": 3, "nasnet-mobile": 1, **{f"resnet-{depth}": 2 for depth in ResNet.DEPTHS}}
NETWORKS = {
    "refinenet-lw-mobilenet-v2": "refinenet-lw-mobile+mobilenet-v2",
    "refinenet-lw-nasnet-mobile": "refinenet-lw-mobile+nasnet-mobile",
    **{f"{decoder}-{depth}": f"{decoder}+resnet-{depth}" for decoder in DECODERS for depth in (50, 101, 152)},
}


class Network(nn.Module):
    """Backbone and decoder, whose parameters the authors name as if they were one module."""

    def __init__(self, name, classes):
        super().__init__()
        decoder, backbone = NETWORKS.get(name, name).split("+")
        self.backbone = BACKBONES[backbone]()
        is_mobile = decoder == "refinenet-lw-mobile"
        build = partial(RefineNetMobile, first=FIRST[backbone]) if is_mobile else DECODERS[decoder]
        self.decoder = build(self.backbone.taps, classes)

    def forward(self, x):
        return self.decoder(self.backbone(x))

    def official_parameters(self):
        """Every parameter and stored statistic by its official name."""
        return official_parameters(self.backbone, self.decoder)
