#!/bin/bash
# SPDX-License-Identifier: MIT
# oclgrind.sh: small nets of each kind, forward and backward, in a simulator that reports every access out of bounds and
# every race between work-items.
# usage: oclgrind.sh [SHARE SHARES]: every SHARES-th of them, so that several processors have something to do.
set -u
share=${1:-1}
shares=${2:-1}
cases="activation-chain adaptive-maxpool avgpool-rect batchnorm-conv batchnorm-dense concat
conv-depthwise conv-dilation conv-everything conv-groups conv-stride-gaps conv-transpose-groups conv-wide
dense-spatial dense-wide densenet dropout-zero embedding flatten-order gap-flatten gelu groupnorm inception
l2-normalize layernorm layernorm-channels loss-contrastive loss-dice loss-hinge loss-kl loss-mse loss-one-hot
loss-perceptron loss-perceptron-two loss-smooth-l1 loss-softmax loss-softmax-pixels loss-softmax-smoothing loss-sum
loss-triplet loss-triplet-all lrn lstm-state match maxout maxpool-rect mul noise-drawn pad pad-edge pca penalty-all
prelu reshape residual-change select selu slice softmax-layer softplus two-heads upsample-bilinear"
command -v oclgrind >/dev/null || { echo "1..0 # SKIP oclgrind is not installed"; exit 0; }
golden=$FOVEA_SOURCE/tests/golden
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export FOVEA_DEVICE=oclgrind FOVEA_CACHE=0
number=0 # of those run
asked=0
options=

# is_ours: whether the next one is in this share.
is_ours() {
  asked=$((asked + 1))
  [ $((asked % shares)) = $((share - 1)) ] || return 1
  number=$((number + 1))
}

run() {
  local name=$1 lanes=$2
  shift 2
  is_ours || return 0
  if FOVEA_LANES=$lanes oclgrind --data-races --max-errors 5 $options "$FOVEA" run "$golden/$name/case.fv" \
    --weights "$golden/$name/weights.safetensors" --in "$golden/$name/in.npy" "$@" >"$folder/out" 2>"$folder/errors" &&
    [ ! -s "$folder/errors" ]; then
    echo "ok $number - $name, $lanes lanes, $1${FOVEA_KERNELS:+, $FOVEA_KERNELS}"
  else
    echo "not ok $number - $name, $lanes lanes, $1${FOVEA_KERNELS:+, $FOVEA_KERNELS}"
    head -n 40 "$folder/errors" | sed 's/^/# /'
  fi
}

for name in $cases; do
  for lanes in 1 16; do
    run "$name" $lanes --target "$golden/$name/target.npy"
  done
done
run attention 1 --target "$golden/attention/target.npy"
run attention-memory 16 --target "$golden/attention-memory/target.npy"
# The kernels for GPUs: work-items that share local memory.
export FOVEA_KERNELS=gpu
for name in adaptive-maxpool attention-memory conv-depthwise conv-everything conv-stride-gaps conv-transpose \
  conv-wide dense-spatial embedding groupnorm layernorm layernorm-channels loss-contrastive loss-dice loss-kl \
  loss-one-hot loss-smooth-l1 loss-softmax-pixels loss-triplet loss-triplet-all lrn lstm-state maxout maxpool-rect \
  noise-drawn pad-reflect pca penalty-all prelu reshape select slice upsample-bilinear; do
  run "$name" 1 --target "$golden/$name/target.npy"
done
run conv-everything 16 --target "$golden/conv-everything/target.npy"
run fit/knn-colour 1 --out "$folder/out.npy"
unset FOVEA_KERNELS
run fit/knn-colour 16 --out "$folder/out.npy"
# Winograd's algorithm wants more local memory than the simulator has by itself.
export FOVEA_WINOGRAD=on
options="--local-mem-size 1048576"
for name in conv-wide conv-wide-blocks conv-pad residual-change; do
  run "$name" 1 --target "$golden/$name/target.npy"
done
export FOVEA_WINOGRAD=unfused
for name in conv-wide-blocks conv-pad residual-change; do
  run "$name" 1 --target "$golden/$name/target.npy"
done
# What is done with all parameters: updates, limits, noise, averages, vectors.
for family in cpu gpu; do
  for name in ema-all lbfgs-wolfe rates-frozen; do
    is_ours || continue
    if FOVEA_KERNELS=$family oclgrind --data-races --max-errors 5 "$FOVEA_BUILD/tests/test_optim" \
      -p "/optim/$name/ten-steps-float" >"$folder/out" 2>"$folder/errors" &&
      grep -q '^ok' "$folder/out" && [ ! -s "$folder/errors" ]; then
      echo "ok $number - $name, $family"
    else
      echo "not ok $number - $name, $family"
      head -n 40 "$folder/errors" | sed 's/^/# /'
    fi
  done
done
echo "1..$number"
