"""Numbers that C and Python both compute to the bit: the NumPy twin of tests/unit/nn/seeded_values.h.

u(name, seed, i) in [-1, 1) is splitmix64 (Steele, Lea and Flood 2014) as a counter: state = FNV-1a(name) +
golden * (2^32 * seed + i + 1), the upper 24 bits of the mixed state as a multiple of 2^-23. Scales are rounded to
float32 first, so that every product is exact in double.
"""
import numpy as np

GOLDEN = 0x9E3779B97F4A7C15
MASK = 2**64 - 1


def _fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 & MASK
    return value


def uniform(name, seed, n):
    """u(name, seed, 0..n-1) as float64."""
    first = (_fnv1a(name) + GOLDEN * (2**32 * seed + 1)) & MASK
    z = np.uint64(first) + np.arange(n, dtype=np.uint64) * np.uint64(GOLDEN)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(np.float64) * 2.0**-23 - 1


def parameter(name, shape):
    """A weight or buffer in PyTorch's layout, float32: convolutions with He's variance over fan_out, norm scales
    around 1, everything else around 0."""
    center, scale = 0, 0.125
    if len(shape) == 4:
        scale = np.sqrt(6 / (shape[0] * shape[2] * shape[3]))
    elif len(shape) == 2:
        scale = 2 / np.sqrt(shape[1])
    elif name.endswith(".weight") or name.endswith(".running_var"):
        center, scale = 1, 0.25
    values = center + float(np.float32(scale)) * uniform(name, 0, int(np.prod(shape)))
    return values.astype(np.float32).reshape(shape)


def network_parameter(name, shape):
    """The same for deep networks, in whose activations the input does not vanish and of which a ReLU6 cuts off some:
    convolutions with variance 1.6 / fan_in (depthwise ones 2 / fan_in), norm scales and variances in 0.5..1.5, biases
    and means in -0.25..0.25, the classifier as above."""
    center, scale = 0, 0.25
    if len(shape) == 4:
        scale = np.sqrt((6 if shape[1] == 1 else 4.8) / (shape[1] * shape[2] * shape[3]))
    elif len(shape) == 2:
        scale = 2 / np.sqrt(shape[1])
    elif name.endswith(".weight") or name.endswith(".running_var"):
        center, scale = 1, 0.5
    values = center + float(np.float32(scale)) * uniform(name, 0, int(np.prod(shape)))
    return values.astype(np.float32).reshape(shape)


def images(seed, n, size):
    """[n, size, size, 3] float32: noise of single pixels plus noise of 8x8 blocks, those at the right and bottom cut off
    where size is no multiple of 8."""
    n_blocks = -(-size // 8)
    pixels = uniform("pixels", seed, n * size * size * 3).reshape(n, size, size, 3)
    blocks = uniform("blocks", seed, n * n_blocks**2 * 3).reshape(n, n_blocks, n_blocks, 3)
    blocks = blocks.repeat(8, 1).repeat(8, 2)[:, :size, :size]
    return (0.5 * pixels + 0.5 * blocks).astype(np.float32)
