"""Res2Net50_vd_26w_4s in Paddle: PaddleClas's network (Apache 2.0, ppcls/arch/backbone/model_zoo/res2net_vd.py at
d178931) written anew from its description, with the parameter names of its weights files.

What others compare with: of the same tensors timm's res2net50d makes other logits (models/README.md).
"""
import paddle
from paddle import nn

DEPTH, WIDTHS = (3, 4, 6, 3), (256, 512, 1024, 2048)


class ConvNorm(nn.Layer):
    """pools: a 2x2 average pool of stride 2 in front, which rounds up."""

    def __init__(self, inputs, outputs, kernel, stride=1, relu=True, pools=False):
        super().__init__()
        self.pool = nn.AvgPool2D(2, 2, 0, ceil_mode=True) if pools else None
        self._conv = nn.Conv2D(inputs, outputs, kernel, stride, (kernel - 1) // 2, bias_attr=False)
        self._batch_norm = nn.BatchNorm2D(outputs)
        self.relu = relu

    def forward(self, x):
        if self.pool is not None:
            x = self.pool(x)
        x = self._batch_norm(self._conv(x))
        return nn.functional.relu(x) if self.relu else x


class Block(nn.Layer):
    """name: "res3a"."""

    def __init__(self, name, inputs, inner, outputs, stride, shortcut, pools, scale):
        super().__init__()
        self.stride, self.scale = stride, scale
        self.conv0 = ConvNorm(inputs, inner, 1)
        self.branches = [self.add_sublayer(f"{name}_branch2b_{i + 1}", ConvNorm(inner // scale, inner // scale, 3, stride))
                         for i in range(scale - 1)]
        self.pool = nn.AvgPool2D(3, stride, 1)  # "exclusive": the padding does not count
        self.conv2 = ConvNorm(inner, outputs, 1, relu=False)
        self.short = ConvNorm(inputs, outputs, 1, relu=False, pools=pools) if shortcut else None

    def forward(self, x):
        groups, done = paddle.split(self.conv0(x), self.scale, 1), []
        for i, branch in enumerate(self.branches):
            chained = i > 0 and self.stride != 2
            done.append(branch(groups[i] + done[-1] if chained else groups[i]))
        done.append(self.pool(groups[-1]) if self.stride == 2 else groups[-1])
        y = self.conv2(paddle.concat(done, 1))
        return nn.functional.relu(y + (x if self.short is None else self.short(x)))


class Res2Net(nn.Layer):
    def __init__(self, classes, base=26, scale=4):
        super().__init__()
        self.conv1_1 = ConvNorm(3, 32, 3, 2)
        self.conv1_2 = ConvNorm(32, 32, 3)
        self.conv1_3 = ConvNorm(32, 64, 3)
        self.pool = nn.MaxPool2D(3, 2, 1)
        self.blocks, inputs = [], 64
        for i, (depth, width) in enumerate(zip(DEPTH, WIDTHS)):
            for j in range(depth):
                block = Block(f"res{i + 2}{'abcdef'[j]}", inputs, base * scale << i, width, 2 if j == 0 and i > 0 else 1,
                              j == 0, i > 0, scale)
                self.blocks.append(self.add_sublayer(f"bb_{i}_{j}", block))
                inputs = width
        self.out = nn.Linear(inputs, classes)

    def forward(self, x):
        x = self.pool(self.conv1_3(self.conv1_2(self.conv1_1(x))))
        for block in self.blocks:
            x = block(x)
        return self.out(x.mean((2, 3)))
