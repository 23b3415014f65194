"""Random views of an image with PIL, as torchvision defines them: what scripts/reference_pytorch.py trains on.

Random numbers differ from atk-train's, the distributions do not. A crop is taken from the image as it is in its file,
where atk-train takes it from a square that it keeps (--cache-scale).
"""
import math

from PIL import Image, ImageEnhance


class Augmentation:
    """hflip, vflip: probabilities; crop_scale: (least, most) share of the area, or None for the whole image; crop_ratio: (least,
    most) width / height; brightness, contrast, saturation: the factor is uniform in [1 - x, 1 + x]."""

    def __init__(self, hflip=0.0, crop_scale=None, crop_ratio=(3 / 4, 4 / 3), brightness=0.0, contrast=0.0,
                 saturation=0.0, vflip=0.0, resample=Image.BILINEAR):
        self.vflip, self.resample = vflip, resample
        self.hflip, self.crop_scale, self.crop_ratio = hflip, crop_scale, crop_ratio
        self.jitter = [(ImageEnhance.Brightness, brightness), (ImageEnhance.Contrast, contrast),
                       (ImageEnhance.Color, saturation)]

    def _box(self, width, height, random):
        """torchvision.transforms.RandomResizedCrop.get_params: ten tries, then the largest crop in the middle."""
        for _ in range(10):
            area = width * height * random.uniform(*self.crop_scale)
            ratio = math.exp(random.uniform(math.log(self.crop_ratio[0]), math.log(self.crop_ratio[1])))
            w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < w <= width and 0 < h <= height:
                left, top = random.randint(0, width - w), random.randint(0, height - h)
                return left, top, left + w, top + h
        ratio = min(max(width / height, self.crop_ratio[0]), self.crop_ratio[1])
        w, h = min(width, round(height * ratio)), min(height, round(width / ratio))
        left, top = (width - w) // 2, (height - h) // 2
        return left, top, left + w, top + h

    def view(self, image, size, random):
        """An RGB image -> one of size x size. random: of Python's module of that name."""
        box = self._box(*image.size, random) if self.crop_scale else None
        image = image.resize((size, size), self.resample, box=box)
        if random.random() < self.hflip:
            image = image.transpose(Image.FLIP_LEFT_RIGHT)
        if self.vflip and random.random() < self.vflip:
            image = image.transpose(Image.FLIP_TOP_BOTTOM)
        for enhance, strength in random.sample(self.jitter, len(self.jitter)):  # ColorJitter: in a random order
            if strength:
                image = enhance(image).enhance(random.uniform(1 - strength, 1 + strength))
        return image
