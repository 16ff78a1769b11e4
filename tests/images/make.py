#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make.py: writes the images of this folder, by Pillow and OpenCV. They are committed; tests do not run this."""
import os
import struct

import cv2
import numpy as np
from PIL import Image, ImageOps

os.chdir(os.path.dirname(os.path.abspath(__file__)))

# Red rises from left to right, green from top to bottom: upright.
H, W = 13, 21
upright = np.full((H, W, 3), 60, np.uint8)
upright[..., 0] = np.arange(W) * 11
upright[..., 1] = np.arange(H)[:, None] * 17
Image.fromarray(upright).save("upright.png")

# What a file of each orientation stores so that the picture comes out upright.
STORED = {
    1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2), 6: lambda a: np.rot90(a, 1), 7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, -1),
}


def exif(orientation):
    made = Image.Exif()
    made[0x010f] = "camera"
    made[0x0112] = orientation
    return made.tobytes()


def write(name, orientation, **options):
    Image.fromarray(np.ascontiguousarray(STORED[orientation](upright))).save(name, exif=exif(orientation), **options)
    back = np.asarray(ImageOps.exif_transpose(Image.open(name)).convert("RGB"), int)
    assert back.shape == upright.shape and abs(back - upright).max() <= 8, name  # Pillow agrees


for k in STORED:
    write("turned-%d.jpg" % k, k, quality=98, subsampling=0)
write("turned-6.png", 6)
write("turned-7.webp", 7, lossless=True)
Image.fromarray(upright).save("lossy.webp", quality=95)
Image.fromarray(np.dstack([upright, np.full((H, W), 128, np.uint8)])).save("alpha.webp", lossless=True)
Image.fromarray(upright).save("animated.webp", save_all=True, append_images=[Image.fromarray(255 - upright)])

# A camera of the other byte order.
with open("turned-8.jpg", "rb") as file:
    data = file.read()
tiff = data.index(b"Exif\0\0") + 6
length = struct.unpack(">H", data[tiff - 8:tiff - 6])[0]
other = "<" if data[tiff:tiff + 2] == b"MM" else ">"
block = (b"II*\0" if other == "<" else b"MM\0*") + struct.pack(other + "IH", 8, 1)
block += struct.pack(other + "HHIHHI", 0x0112, 3, 1, 8, 0, 0)
segment = struct.pack(">H", 2 + 6 + len(block)) + b"Exif\0\0" + block
with open("other-order.jpg", "wb") as file:
    file.write(data[:tiff - 8] + segment + data[tiff - 8 + length:])
assert ImageOps.exif_transpose(Image.open("other-order.jpg")).size == (W, H)

# CMYK as Adobe writes it, 4:2:0 and progressive, and 16 bits by OpenCV.
inks = 255 - upright
Image.merge("CMYK", [Image.fromarray(np.ascontiguousarray(inks[..., i])) for i in range(3)] +
            [Image.new("L", (W, H), 40)]).save("cmyk.jpg", quality=98)
Image.fromarray(upright).save("progressive.jpg", quality=98, progressive=True)
cv2.imwrite("sixteen.png", upright[..., ::-1].astype(np.uint16) * 257)

# A mask as annotation tools write it: class numbers with VOC's colours.
mask = np.zeros((H, W), np.uint8)
mask[3:8, 4:15] = 1
mask[6:12, 10:20] = 15
mask[0] = 20
image = Image.fromarray(mask, "P")
voc = []
for i in range(21):
    colour = [0, 0, 0]
    for bit in range(8):
        for c in range(3):
            colour[c] |= (i >> (3 * bit + c) & 1) << (7 - bit)
    voc += colour
image.putpalette(voc)
image.save("mask.png")
image.save("mask-transparent.png", transparency=0)
