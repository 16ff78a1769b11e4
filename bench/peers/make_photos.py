#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes photographs of 1.0 to 2.1 megapixels from Debian's wallpapers (ukui-wallpapers, plasma-workspace-wallpapers,
mate-backgrounds): crops of all that are large enough, as JPEGs of quality 90. usage: make_photos.py OUT [COUNT=200]"""
import glob
import hashlib
import os
import sys

import cv2
import numpy as np

SIZES = [(1280, 800), (1440, 960), (1600, 1066), (1600, 1200), (1920, 1080)]
out, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200
os.makedirs(out, exist_ok=True)
files = {}
for folder in ("/usr/share/backgrounds", "/usr/share/wallpapers"):
    for file in sorted(glob.glob(folder + "/**/*.jpg", recursive=True)):
        with open(file, "rb") as data:
            files.setdefault(hashlib.sha256(data.read()).digest(), file)
images = [image for image in map(cv2.imread, sorted(files.values()))
          if image is not None and image.shape[0] >= 900 and image.shape[1] >= 1300]
if not images:
    sys.exit("there are no wallpapers: apt install ukui-wallpapers plasma-workspace-wallpapers mate-backgrounds")
random = np.random.RandomState(1)
for i in range(count):
    image = images[i % len(images)]
    w, h = SIZES[(i // len(images) + i) % len(SIZES)]
    share = random.uniform(0.6, 1)
    cw = min(image.shape[1], image.shape[0] * w / h) * share
    ch = cw * h / w
    x, y = random.randint(0, int(image.shape[1] - cw) + 1), random.randint(0, int(image.shape[0] - ch) + 1)
    crop = cv2.resize(image[y:y + int(ch), x:x + int(cw)], (w, h),
                      interpolation=cv2.INTER_AREA if cw > w else cv2.INTER_CUBIC)
    cv2.imwrite(f"{out}/p{i:03d}.jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, 90])
