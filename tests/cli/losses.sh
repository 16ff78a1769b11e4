#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Losses and metrics in pipelines as people write them: training on images with a class, results, predictions.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

make_idx
make_pipeline
export FOVEA_BUILD_OPTIONS=-cl-opt-disable # many small programs

# The training loss of the first epoch, or of the last (tail), in millionths.
loss_of() { # RUN head|tail
  local text
  printf -v text '%.6f' "$(grep '"train"' "$1/log.jsonl" | "$2" -n 1 | grep -oE '"loss":[-0-9.e]+' | cut -d: -f2)"
  printf '%d' "$((10#${text/./}))"
}
less() { [ "$1" -lt "$2" ]; }

# --------------------------------------------------------------- what can be trained

n=0
while read -r loss; do
  n=$((n + 1))
  sed "s/^loss .*/loss = $loss/" net.fv >one.fv
  fv train one.fv --out "run-$n"
  exits 0 "train with $loss"
  ok 'the loss gets smaller' less "$(loss_of "run-$n" tail)" "$(loss_of "run-$n" head)"
done <<'END'
softmax(logits, label, smoothing=0.1, weight=[1, 2, 3])
bce(logits, one_hot)
focal(logits, one_hot)
mse(logits, one_hot) + 0.1 * mae(logits, one_hot) + 0.1 * huber(logits, one_hot)
kl(logits, one_hot) + dice(logits, one_hot, activation=softmax)
triplet(logits, label, mining=semi_hard)
contrastive(logits, label)
END

printf 'net { input(2, 3, 4) -> conv(4, 3, pad=1) as map }\nloss = softmax(map, classes, smoothing=0.1)\n' >map.fv
fv gradcheck map.fv
exits 0 'gradients of a class for each pixel'
sed 's/^loss .*/loss = softmax(map, label)/; s/-> dropout.*/as flat/; s/net {/net { input(1, 8, 8) -> conv(3, 1) as map/' \
  net.fv | sed '/^  input/,/as flat/d' >map.fv
fv train map.fv
refuses_pipeline 'which the data have not' '^map\.fv:.*softmax: the data give each image one class, not one for each of 8x8 pixels$'

fv eval one.fv -w run-7/best.safetensors
like "$out" '^test: loss [0-9.]+ \([0-9]+ images\)$' 'an embedding has no accuracy unless it is asked for'

# -------------------------------------------------------------------------- metrics

sed 's/^loss .*/loss = bce(logits, one_hot)/' net.fv >counted.fv
echo 'metric = [f1(logits), topk(logits, k=2), confusion(logits), recall(logits, class=0), recall(logits, class=1)]' \
  >>counted.fv
fv train counted.fv --out counted
exits 0 'train with many metrics'
trained=$out
line='^test: loss [0-9.]+ f1 [0-9.]+ topk [0-9.]+ confusion [0-9.]+ recall [0-9.]+ recall_2 [0-9.]+ \([0-9]+ images\)$'
like "$(tail -n 1 <<<"$out")" "$line" 'the last line has all of them'
like "$(head -n 1 <<<"$out")" '^confusion: ' 'the table stands before it'
like "$err" '^epoch 3/3 +loss [0-9.]+ +f1 [0-9.]+ +validation loss [0-9.]+ +validation f1 [0-9.]+' 'the first is shown'
for split in train validate test; do
  like "$(grep "\"$split\"" counted/log.jsonl | tail -n 1)" \
    '"f1":[0-9.]+,"topk":[0-9.]+,"confusion":[0-9.]+,"recall":[0-9.]+,"recall_2":[0-9.]+' "the log has them: $split"
done
fv eval counted.fv -w counted/best.safetensors
is "$out" "$trained" 'eval says the same'
is "$(sed -n '3,5p' <<<"$out" | awk '{ for (i = 2; i <= NF; i++) sum += $i } END { print sum }')" \
  "$(grep -oE '\(([0-9]+) images' <<<"$out" | grep -oE '[0-9]+')" 'every image is in the table once'
recall=$(sed -n 3p <<<"$out" | awk '{ printf "%.4f", $2 / ($2 + $3 + $4) }')
like "$out" " recall $recall " 'the recall of a class is that of its row'

# ------------------------------------------------------------------------ predictions

make_png shades.png 8 8
fv predict counted.fv -w counted/best.safetensors shades.png
exits 0 'predict'
like "$out" '^shades\.png: [0-2] [01]\.[0-9]{4}, [0-2] [01]\.[0-9]{4}, [0-2] [01]\.[0-9]{4}$' 'a sigmoid for each class'

make_png bright.png 8 8 1
make_png dark.png 8 8 0
for name in bright dark; do
  mkdir -p "photos/$name"
  for i in {1..10}; do
    cp "$name.png" "photos/$name/$i.png"
  done
done
cat >single.fv <<'END'
data { source = folder("photos") test = 0.2 }
net { input(1, 8, 8) -> dense(1) as logit }
loss = bce(logit, one_hot)
metric = [accuracy(logit), f1(logit, class=1), confusion(logit)]
optimizer = sgd(rate=0.1)
train { epochs = 20 batch = 4 }
END
fv train single.fv --out single
exits 0 'one score for two classes'
like "$out" '^test: loss [0-9.]+ accuracy 1\.0000 f1 1\.0000 confusion 1\.0000 ' 'is enough to tell them apart'
like "$(sed -n 2p <<<"$out")" '^ +bright  dark$' 'the table has the names of the classes'
fv predict single.fv -w single/best.safetensors bright.png dark.png
is "$(sed -E 's/[01]\.[0-9]{4}/P/g' <<<"$out")" \
  $'bright.png: bright P, dark P\ndark.png: dark P, bright P' 'predict tells both classes, the likely one first'
is "$(head -n 1 <<<"$out" | awk '{ printf "%.3f", $3 + $5 }')" 1.000 'whose probabilities add up to 1'

done_testing
