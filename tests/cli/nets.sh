#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The nets of pipelines/: as many parameters as torchvision's, and photos in, classes out.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

while read -r net parameters; do
  fv check "$FOVEA_SOURCE/pipelines/$net.fv"
  like "$out" "^$parameters parameters, [0-9.]+ [MG] FLOPs for an image\$" "$net: as many parameters as torchvision's"
done <<'END'
alexnet 61100840
vgg16 138357544
vgg19 143667240
googlenet 13004888
resnet18 11689512
resnet34 21797672
resnet50 25557032
resnet101 44549160
resnet152 60192808
wide-resnet50 68883240
resnext50-32x4d 25028904
densenet121 7978856
squeezenet 1235496
mobilenet-v2 3504872
resnet18-32 11173962
vgg16-32 14728266
densenet121-32 1000666
mobilenet-v2-32 2236682
END
fv check "$FOVEA_SOURCE/pipelines/googlenet.fv"
like "$out" '^6624904 parameters, [0-9.]+ G FLOPs for an image in prediction$' 'GoogLeNet: without its heads'

# A folder of photos, in three classes: what the pipelines for 224x224 say of themselves, at a small width.
mkdir -p photos/bright photos/dark photos/dim
for i in 1 2 3; do
  make_png "photos/bright/$i.png" 40 50 1
  make_png "photos/dark/$i.png" 50 40 0
  make_png "photos/dim/$i.png" 44 44 0.5
done
small=(-s classes=3 -s size=32 -s width=0.125 -s epochs=1 -s batch=4 -s share=0.2)
fv train "$FOVEA_SOURCE/pipelines/squeezenet.fv" "${small[@]}" --out trained
exits 0 'train on a folder of photos'
fv predict "$FOVEA_SOURCE/pipelines/squeezenet.fv" "${small[@]}" -w trained/best.safetensors photos/dim/1.png
exits 0 'predict'
like "$out" '^photos/dim/1\.png: (bright|dark|dim) ' 'says a class by its name'
fv train "$FOVEA_SOURCE/pipelines/googlenet.fv" "${small[@]}" --out google
exits 0 'train a net with heads'
fv predict "$FOVEA_SOURCE/pipelines/googlenet.fv" "${small[@]}" -w google/best.safetensors photos/dim/1.png
exits 0 'predict without them'

done_testing
