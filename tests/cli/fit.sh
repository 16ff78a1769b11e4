#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Layers that are fitted to the training split, nets with nothing to train, the perceptron, cross-validation.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

make_idx

same_bytes() { cmp "$1" "$2" >&2; }
differ() { ! cmp -s "$1" "$2"; }

# -------------------------------------------------------------- with a training

cat >net.fv <<'END'
let size = 9
data {
  source   = idx("idx")
  validate = 0.1
}
prepare { normalize -> pca(size, whiten=true) }
augment { crop(8, pad=1) -> flip(p=0.5) }
net { input(1, 8, 8) as image -> dense(16) -> relu -> select(11) -> dense(3) as logits }
loss      = softmax(logits, label)
optimizer = sgd(rate=0.05, momentum=0.9)
train { epochs = 4  batch = 7 }
END
steps=103

fv check net.fv
exits 0 'check'
like "$out" '^prepare\.standardize1 +1x8x8 ' 'normalize without arguments is a layer behind the input'
like "$out" '^prepare\.pca1 +9 .* as image$' 'and so is pca in prepare, of which the name behind the input is'
fv check net.fv -s size=12
like "$out" '^prepare\.pca1 +12 ' 'it takes lets'

fv train net.fv --out whole
exits 0 'train'
like "$out" '^test: loss [0-9.]+ accuracy [0-9.]+ \(60 images\)$' 'its result'
is "$(grep -c 'fitted to 720 images' <<<"$err")" 3 'what is fitted is fitted to the training split'
whole=$out
has "$(tr -d '\n ' <whole/pipeline.fv)" 'prepare{normalize->pca(size,whiten=true)}' 'the pipeline kept says what it said'
fv eval whole/pipeline.fv -w whole/best.safetensors
is "$out" "$whole" 'eval takes what was found from the weights'
fv train net.fv --out again
ok 'the same seed gives the same checkpoint' same_bytes again/last.safetensors whole/last.safetensors

start net.fv --out killed
for ((i = 0; i < 3000; i++)); do
  [ ! -s killed/log.jsonl ] || break
  sleep 0.005
done
finish KILL
exits 137 'killed before its end'
fv train --resume killed
exits 0 'resumed'
unlike "$err" 'fitted' 'nothing is fitted again'
is "$out" "$whole" 'the same result'
ok 'byte for byte the same checkpoint' same_bytes killed/last.safetensors whole/last.safetensors

fv train net.fv --weights whole/best.safetensors --out more
exits 0 'train --weights'
unlike "$err" 'fitted' 'weights that are given are not fitted again'
fv eval net.fv -w whole/best.safetensors --seed 2 --split validate
exits 0 'eval on another validation split'

# ------------------------------------------------------------- nothing to train

cat >knn.fv <<'END'
data { source = idx("idx") }
net { input(1, 8, 8) -> knn(3, k=4) as votes }
metric = accuracy(votes, label)
train { batch = 50 }
END
fv check knn.fv
like "$out" '^and 260 B for each image of the training split' 'check tells what an image takes'
fv train knn.fv --out knn
exits 0 'train without loss and optimizer'
like "$out" '^test: accuracy [0-9.]+ \(60 images\)$' 'the result has no loss'
is "$(ls knn | tr '\n' ' ')" 'best.safetensors last.safetensors log.jsonl pipeline.fv report.html ' 'a run folder as others'
trained=$out
fv eval knn.fv -w knn/best.safetensors
is "$out" "$trained" 'eval gives the same'
fv train --resume knn
exits 0 'a run that is done can be resumed'
is "$out" "$trained" 'with the same result'
sed 's/batch = 50/batch = 7/' knn.fv >knn7.fv
fv train knn7.fv --out knn7
is "$out" "$trained" 'the batch says nothing'
ok 'not in a single bit' same_bytes knn7/best.safetensors knn/best.safetensors
FOVEA_KERNELS=gpu fv eval knn.fv -w knn/best.safetensors
is "$out" "$trained" 'kernels for GPUs give the same'
fv eval knn.fv -w knn/best.safetensors --split train
like "$out" '^train: accuracy [0-9.]+ \(800 images\)$' 'the training split'
sed 's/k=4/k=1/' knn.fv >knn1.fv
fv eval knn1.fv -w knn/best.safetensors --split train
is "$out" 'train: accuracy 1.0000 (800 images)' 'is its own nearest neighbour'

sed 's/k=4/k=801/' knn.fv >many.fv
fv train many.fv --out many
exits 1 'more neighbours than images'
like "$err" 'knn1: k is 801, and there are only 800 samples' 'say so'
sed 's/knn(3/knn(2/' knn.fv >few.fv
fv train few.fv --out few
exits 2 'fewer scores than classes'
like "$err" 'few\.fv:3:.*the data have 3 classes' 'say so'
fv train net.fv -w knn/best.safetensors --out wrong
exits 1 'weights of another net'
fv eval knn.fv -w whole/best.safetensors
exits 1 'knn without what it has kept'
like "$err" 'knn1\.' 'names it'

grep -v metric knn.fv >mute.fv
fv train mute.fv --out mute
exits 2 'neither loss nor metric'
like "$err" 'mute\.fv:1:1: error: there is no loss and no metric; write metric = accuracy' 'say so'
cat >idle.fv <<'END'
data { source = idx("idx") }
net { input(1, 8, 8) -> avgpool(4) -> flatten as scores }
metric = accuracy(scores, label)
END
fv train idle.fv --out idle
exits 2 'no parameters, and nothing to fit'
like "$err" 'there is nothing to train' 'say so'
ok 'and leave no folder' [ ! -e idle ]
sed 's/-> knn.*/-> dense(3) as votes }/' knn.fv >dense.fv
fv train dense.fv --out dense
exits 2 'dense layers want a loss'
like "$err" 'there is no loss' 'say so'
like "$err" 'there is no optimizer' 'and an optimizer'

fv predict knn.fv -w knn/best.safetensors idx/none.png
exits 1 'predict without the file'
cat >prepare.fv <<'END'
prepare { normalize -> crop(4) -> relu }
augment { flip -> normalize -> pca(3) }
net { input(1, 4, 4) -> dense(3) as scores }
END
fv check prepare.fv
exits 2 'fitted layers at the wrong place'
like "$err" 'prepare\.fv:1:24: error: crop: it cannot stand behind what is fitted to the training split \(normalize\)' \
  'operations on images come before'
like "$err" 'prepare\.fv:1:35: error: "relu" is a layer, not an augmentation' 'other layers are none'
like "$err" 'prepare\.fv:2:19: error: normalize: write its arguments' 'normalize is not fitted in augment'
like "$err" 'prepare\.fv:2:32: error: pca: it is fitted to the training split, and can stand in prepare' 'nor is pca'
fv augment normalize idx out
exits 2 'nor where files are augmented'

# ------------------------------------------------------------------ perceptron

# One white picture of class $2 in the folder $1; the test split is the same.
make_white() { # FOLDER CLASS
  local prefix pixels
  mkdir -p "$1"
  pixels=$(repeat 64 '\xff')
  for prefix in train t10k; do
    # shellcheck disable=SC2059
    printf "\\x00\\x00\\x08\\x03$(be32 1)$(be32 8)$(be32 8)$pixels" >"$1/$prefix-images-idx3-ubyte"
    # shellcheck disable=SC2059
    printf "\\x00\\x00\\x08\\x01$(be32 1)\\x0$2" >"$1/$prefix-labels-idx1-ubyte"
  done
}

# Pictures with one half brighter than the other, by which they are told: a plane does that.
make_halves() { # COUNT
  local i x images='' labels='' hex
  seed=5
  for ((i = 0; i < $1; i++)); do
    draw 2
    local class=$drawn
    labels+="\\x0$class"
    for ((x = 0; x < 64; x++)); do
      draw 100
      printf -v hex '\\x%02x' $((drawn + ((x % 8 < 4) == class ? 90 : 30)))
      images+=$hex
    done
  done
  mkdir -p halves
  for prefix in train t10k; do
    # shellcheck disable=SC2059
    printf "\\x00\\x00\\x08\\x03$(be32 "$1")$(be32 8)$(be32 8)$images" >"halves/$prefix-images-idx3-ubyte"
    # shellcheck disable=SC2059
    printf "\\x00\\x00\\x08\\x01$(be32 "$1")$labels" >"halves/$prefix-labels-idx1-ubyte"
  done
}

cat >perceptron.fv <<'END'
let folder = "halves"
let scores = 1
let epochs = 30
data { source = idx(folder) }
net { input(1, 8, 8) -> dense(scores, init=zeros) as score }
loss      = perceptron(score, label)
optimizer = sgd(rate=1)
train { epochs = epochs  batch = 1 }
END
make_white white1 1
make_white white0 0
make_npy white.npy '<f4' '(1, 1, 8, 8)' "$(repeat 64 "$(f32 1)")"
for class in 0 1; do
  fv train perceptron.fv -s epochs=1 -s "folder=\"white$class\"" --out "rule$class"
  exits 0 "one image of class $class"
  fv run perceptron.fv -w "rule$class/best.safetensors" --in white.npy --out rule.npy
  is "$(tail -c 4 rule.npy | od -An -tf4 | tr -d ' ')" "$((class ? 65 : -65))" 'w = y x, b = y'
done
make_halves 60
for scores in 1 2; do
  fv train perceptron.fv -s scores=$scores --out "halves$scores"
  exits 0 "classes that a plane tells apart, $scores scores"
  is "$out" 'test: loss 0.0000 accuracy 1.0000 (60 images)' 'are told apart'
  like "$(grep '"train"' "halves$scores/log.jsonl" | tail -n 1)" '"loss":0,' 'and no mistakes are made any more'
  fv train perceptron.fv -s scores=$scores -s epochs=31 --out "longer$scores"
  ok 'so that nothing changes' same_bytes "halves$scores/best.safetensors" "longer$scores/best.safetensors"
done
fv train perceptron.fv -s 'folder="idx"' --out three
exits 2 'one score for three classes'
like "$err" 'perceptron: the data have 3 classes, the value can tell only 2 apart' 'say so'

# ------------------------------------------------------------- cross-validation

fv train net.fv --folds 4 --out folds
exits 0 'train --folds'
is "$(cut -c 1-10 <<<"$out" | tr -d ' ' | tr '\n' ' ')" 'fold 1 2 3 4 mean deviation ' 'a line for each fold, mean and deviation'
like "$out" '^fold +loss +accuracy$' 'of loss and accuracy'
is "$(grep -c 'fitted to 600 images' <<<"$err")" 12 'each is trained, and fitted, on the others'
table=$out
mean=$(awk '/^[0-9]/ { n++; loss += $2; value += $3 } END { printf "%.3f %.3f", loss / n, value / n }' <<<"$table")
is "$(awk '/^mean/ { printf "%.3f %.3f", $2, $3 }' <<<"$table")" "$mean" 'the mean is theirs'
deviation=$(awk '/^[0-9]/ { n++; s += $3; q += $3 * $3 } END { printf "%.4f", sqrt((q - s * s / n) / (n - 1)) }' <<<"$table")
is "$(awk '/^deviation/ { printf "%.4f", $3 }' <<<"$table")" "$deviation" 'the deviation has the divisor n - 1'
is "$(ls folds | tr '\n' ' ')" 'fold-1 fold-2 fold-3 fold-4 folds.json log.jsonl pipeline.fv ' 'a folder for each'
unlike "$(cat folds/fold-*/log.jsonl)" '"test"' 'the test split is left alone'
ok 'folds differ' differ folds/fold-1/best.safetensors folds/fold-2/best.safetensors
fv train --resume folds
exits 0 'a cross-validation that is done can be resumed'
is "$out" "$table" 'it says the same'
unlike "$err" 'epoch' 'and trains no more'

start net.fv --folds 4 --out held
for ((i = 0; i < 3000; i++)); do
  [ ! -e held/fold-3/log.jsonl ] || break
  sleep 0.01
done
ok 'the third fold has begun, and the fourth has not' eval '[ -e held/fold-3/log.jsonl ] && [ ! -e held/fold-4/log.jsonl ]'
finish KILL
exits 137 'a cross-validation, with SIGKILL'
fv train --resume held
exits 0 'killed, then resumed'
is "$out" "$table" 'the same table'
for i in 1 2 3 4; do
  ok "fold $i: byte for byte the same" same_bytes "held/fold-$i/last.safetensors" "folds/fold-$i/last.safetensors"
done
fv train knn.fv --folds 5 --out nearest
exits 0 'cross-validation of what is not trained'
like "$out" '^fold +accuracy$' 'without loss'
is "$(grep -c '^[1-5] ' <<<"$out")" 5 'five folds'
# Every image is in one fold: what they count together is all of them.
is "$(for i in 1 2 3 4 5; do grep -ao '"knn1.samples":{"dtype":"F32","shape":\[[0-9]*' nearest/fold-$i/best.safetensors |
  grep -o '[0-9]*$'; done | tr '\n' ' ')" '640 640 640 640 640 ' 'each keeps four fifths'
fv train net.fv --folds 4 --seed 2 --out other
ok 'another seed divides otherwise' differ other/fold-1/best.safetensors folds/fold-1/best.safetensors

for wrong in 1 0 -3 1001; do
  fv train net.fv --folds "$wrong" --out no
  exits 2 "--folds $wrong"
  like "$err" 'folds must be from 2 to 1000' 'says what is possible'
done
fv train net.fv --folds 801 --out no
exits 2 'more folds than images'
like "$err" '801 folds of 800 samples' 'say so'
fv train --resume folds --folds 3
exits 2 'another number of folds'
like "$err" 'was begun with 4 folds and seed 1' 'says what there was'
fv train --resume whole --folds 3
exits 2 '--folds of a run without'
echo '{"folds": 1e9}' >held/folds.json
fv train --resume held
exits 1 'folds.json that says nothing'
like "$err" 'held/folds\.json' 'names it'

done_testing
