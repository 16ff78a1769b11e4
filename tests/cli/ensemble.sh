#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Predictions averaged over several nets, and over copies of each image.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

make_idx
make_pipeline
for n in 1 2 3; do
  fv train net.fv -s epochs=1 -s rate=0.01 --seed "$n" --out "run-$n"
  cp "run-$n/best.safetensors" "$n.safetensors"
done
exits 0 'three nets are trained'

result() { tail -n 1 <<<"$out"; }
# The last fv gave the same result as one net alone; the last digit may have been rounded.
near_result() { # LINE NAME
  local a b
  a=$(grep -oE 'loss [0-9.]+' <<<"$1" | tr -dc 0-9)
  b=$(grep -oE 'loss [0-9.]+' <<<"$(result)" | tr -dc 0-9)
  ok "$2: the loss" [ $((10#$a - 10#$b)) -ge -1 -a $((10#$a - 10#$b)) -le 1 ]
  is "$(result | sed 's/loss [0-9.]*//')" "$(sed 's/loss [0-9.]*//' <<<"$1")" "$2: the rest of the line"
}

# ------------------------------------------------------------------- ensembles

lines=
for n in 1 2 3; do
  fv eval net.fv -w "$n.safetensors"
  lines+="$n.safetensors:$(sed -E 's/^test:| \([0-9]+ images\)$//g' <<<"$out")"$'\n'
done
fv eval net.fv -w 1.safetensors
alone=$out
fv eval net.fv -w 1.safetensors,2.safetensors,3.safetensors
exits 0 'eval with three files'
is "$err" '' 'nothing on stderr'
is "$(head -n 3 <<<"$out")" "${lines%?}" 'a line for each net, with what it gives alone'
like "$(result)" '^test: loss [0-9.]+ accuracy [0-9.]+ \(60 images\)$' 'and that of all of them'
three=$out
fv eval net.fv -w 1.safetensors -w 2.safetensors,3.safetensors
is "$out" "$three" 'names may be given one by one'
fv eval net.fv -w 3.safetensors,2.safetensors,1.safetensors
near_result "$(tail -n 1 <<<"$three")" 'in another order the same'
fv eval net.fv -w 1.safetensors,1.safetensors
near_result "$alone" 'a net averaged with itself'
cp 1.safetensors 'a,b.safetensors'
fv eval net.fv -w a,b.safetensors
is "$out" "$alone" 'a comma in a name that is there is a comma'

# The same for other losses, whose values are averaged in their own way, and for metrics that are counted.
printf 'metric = [accuracy(logits), f1(logits), confusion(logits)]\n' >metrics
for loss in 'hinge(logits, label)' 'bce(logits, one_hot)' 'softmax(logits, label, smoothing=0.1) + bce(logits, one_hot)'; do
  sed "s/^loss .*/loss = $loss + l2(1e-4)/" net.fv | cat - metrics >other.fv
  fv eval other.fv -w 2.safetensors
  other=$out
  fv eval other.fv -w 2.safetensors,2.safetensors
  near_result "$(tail -n 1 <<<"$other")" "$loss"
  is "$(sed '1,2d;$d' <<<"$out")" "$(sed '$d' <<<"$other")" "$loss: the table of classes"
done

# Two heads: each value is averaged by itself.
sed 's/-> dense(16) -> relu -> dropout(0.2) -> dense(3) as logits/as trunk\n trunk -> gap -> dense(3) as early\n trunk -> dense(3) as logits/
  s/^loss .*/loss = softmax(logits, label) + 0.3 * softmax(early, label)/' net.fv >heads.fv
fv train heads.fv -s epochs=1 --out heads
fv eval heads.fv -w heads/best.safetensors
heads=$out
fv eval heads.fv -w heads/best.safetensors,heads/best.safetensors
near_result "$heads" 'two heads'

# Large values: more samples than are averaged at once.
cat >large.fv <<'END'
data { source = idx("idx") }
augment { flip(p=0) }
net { input(1, 8, 8) -> conv(1, 1) -> upsample(64) -> flatten as y }
loss = triplet(y, label)
optimizer = sgd(rate=1e-9)
train { epochs = 0  batch = 7 }
END
fv train large.fv --out large
exits 0 'a net with large values'
large=$out
fv eval large.fv -w large/best.safetensors,large/best.safetensors --tta 2
exits 0 'averaged in parts'
near_result "$large" 'averaged in parts'

# ------------------------------------------------------------------ predictions

make_png picture.png 8 8 0.5
make_png other.png 8 8 0
probabilities() { # of class 0 .. 2 of the first picture, a line each
  grep -oE '"class" : [0-9]|"probability" : [0-9.e+-]+' <<<"$out" | sed 's/.*: //' | paste - - | head -n 3 | sort -n |
    cut -f2
}
for n in 1 2 3; do
  fv predict net.fv -w "$n.safetensors" --json picture.png other.png
  probabilities >"p$n"
done
exits 0 'predict with one file'
fv predict net.fv -w 1.safetensors,2.safetensors,3.safetensors --json picture.png other.png
exits 0 'predict with three'
probabilities >all
is "$(paste p1 p2 p3 all | awk '{ d = ($1 + $2 + $3) / 3 - $4; if (d < -1e-6 || d > 1e-6) bad++ } END { print NR, bad + 0 }')" \
  '3 0' 'probabilities are the mean of those of the three'
has "$out" other.png 'of each picture'

# ------------------------------------------------------------------------ copies

fv eval net.fv -w 1.safetensors --tta 1
is "$out" "$alone" '--tta 1: the images themselves'
fv eval net.fv -w 1.safetensors --tta 5
exits 0 '--tta 5'
is "$(head -n 1 <<<"$out")" "$(head -n 1 <<<"$lines")" 'a line for the net alone'
five=$out
fv eval net.fv -w 1.safetensors --tta 5 --seed 1
is "$out" "$five" 'the seed says which copies: the same'
FOVEA_RESIDENT=off fv eval net.fv -w 1.safetensors --tta 5
is "$out" "$five" 'whether images stay on the device or not'
fv eval net.fv -w 1.safetensors --tta 5 --seed 2
ok 'with another seed others' [ "$out" != "$five" ]
fv eval net.fv -w 1.safetensors,2.safetensors --tta 3
exits 0 'copies for several nets'
is "$(wc -l <<<"$out")" 3 'a line for each of them, and one for all'
sed 's/^augment .*/augment { flip(p=0) }/' net.fv >still.fv
fv eval still.fv -w 1.safetensors --tta 4
near_result "$alone" 'copies that are the image itself'
fv predict still.fv -w 1.safetensors picture.png other.png
one=$out
fv predict still.fv -w 1.safetensors --tta 3 picture.png other.png
is "$out" "$one" 'in predictions too'
fv predict net.fv -w 1.safetensors,2.safetensors --tta 6 picture.png other.png
exits 0 'predict --tta with two files'
six=$out
fv predict net.fv -w 1.safetensors,2.safetensors --tta 6 --seed 1 picture.png other.png
is "$out" "$six" 'the same again'

# ---------------------------------------------------------------------- refusals

sed 's/dense(16)/dense(17)/' net.fv >wider.fv
fv train wider.fv -s epochs=0 --out wider
fv eval net.fv -w 1.safetensors,wider/best.safetensors
refuses 1 'weights of another net among them' '^fovea: wider/best\.safetensors: .*dense1\.weight'
fv eval net.fv -w 1.safetensors,missing.safetensors
refuses 1 'a file that is not there' '^fovea: missing\.safetensors: '
fv predict net.fv -w 1.safetensors,wider/best.safetensors picture.png
refuses 1 'predict: weights of another net' '^fovea: wider/best\.safetensors: '
for names in 'a, b, c' 'b, a, c'; do
  sed "s/idx(folder)/idx(folder, names=\"$names\")/" net.fv >named.fv
  fv train named.fv -s epochs=0 --out "named-${names:0:1}"
done
fv eval net.fv -w named-a/best.safetensors,named-b/best.safetensors
refuses 1 'classes in another order' '^fovea: named-b/best\.safetensors: its classes are not those of named-a/best\.safetensors'
fv train net.fv -w 1.safetensors,2.safetensors --out none
refuses 1 'train: a name with a comma is one name' '^fovea: 1\.safetensors,2\.safetensors: '
fv train net.fv -w 1.safetensors -w 2.safetensors --out none
refuses 2 'train: several files' '^fovea: train: --weights: one file'
fv eval net.fv -w ,
refuses 2 'no file between commas' '^fovea: eval: --weights: '
sed '/^augment/d' net.fv >plain.fv
fv eval plain.fv -w 1.safetensors --tta 4
refuses_pipeline '--tta without augment' '^plain\.fv:1:1: error: .*augment \{ \}.*missing'
fv predict plain.fv -w 1.safetensors --tta 4 picture.png
refuses_pipeline 'predict --tta without augment' '^plain\.fv:1:1: error: .*augment \{ \}.*missing'
sed 's/^augment .*/augment { crop(8, pad=1) -> mixup(0.4) }/' net.fv >mixed.fv
fv eval mixed.fv -w 1.safetensors --tta 4
refuses_pipeline '--tta where images are mixed' '^mixed\.fv:[0-9]+:[0-9]+: error: augment: mixes'
for n in 0 -1 1001; do
  fv eval net.fv -w 1.safetensors --tta "$n"
  refuses 2 "--tta $n" '^fovea: eval: --tta must be from 1 to 1000'
done

done_testing
