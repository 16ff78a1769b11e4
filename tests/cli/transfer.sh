#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Transfer: freeze, weights of another net, classes and images of each, features as arrays, and nets that take them.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

make_idx
# The numbers of a tensor of a safetensors file, as bytes.
tensor() { # FILE NAME
  local head begin end
  head=$(od -An -tu8 -N8 "$1" | tr -d ' ')
  read -r begin end < <(tail -c +9 "$1" | head -c "$head" |
    grep -oE "\"$2\":\{[^}]*\"data_offsets\":\[[0-9]+,[0-9]+\]" | sed 's/.*\[\([0-9]*\),\([0-9]*\)\]$/\1 \2/')
  tail -c +$((9 + head + begin)) "$1" | head -c $((end - begin)) | od -An -tx1
}
same_bytes() { cmp "$1" "$2" >&2; }
differ() { ! cmp -s "$1" "$2"; }

# ---------------------------------------------------------------- a base, and more

cat >net.fv <<'END'
let outputs = 3
let frozen  = ""
let some    = 30
data { source = idx("idx") }
net { input(1, 8, 8) -> conv(6, 3, name="stem") -> batchnorm -> relu as trunk
      trunk -> dense(8) -> relu as hidden -> dense(outputs) as logits }
freeze frozen
loss      = softmax(logits, label) + l2(0.01)
optimizer = adam(rate=0.01)
train { epochs = 1  batch = 32 }
END
sed 's/idx("idx")/idx("idx")  classes = [2, 0]  per_class = some/' net.fv >pair.fv
fv train net.fv --out base
exits 0 'a base'
fv train pair.fv -s outputs=2 -s 'frozen="batchnorm1"' --weights base/best.safetensors --partial --freeze stem \
  --freeze 'dense1.*' --out pair
exits 0 'its trunk in a net of two classes, frozen'
like "$err" '^fovea: base/best\.safetensors: 8 of the net.s 10 parameters and statistics are taken$' 'what is taken'
like "$err" '^fovea: of another size, begin anew: dense2\.weight is 3x8, the net.s is 2x8, dense2\.bias' 'and what is not'
like "$out" '^test: .* \(38 images\)$' 'the test split has two of its three classes'
for name in stem.weight stem.bias batchnorm1.weight batchnorm1.running_mean batchnorm1.running_var dense1.weight; do
  is "$(tensor pair/last.safetensors $name)" "$(tensor base/best.safetensors $name)" "$name stays as it is"
done
ok 'the head does not' [ "$(tensor pair/last.safetensors dense2.bias)" != "$(tensor base/best.safetensors dense2.bias)" ]
ok 'frozen parameters have no optimizer state' grep -qv 'optimizer/[a-z]*/stem' pair/last.safetensors
is "$(grep -c '^freeze ' pair/pipeline.fv)" 3 'the run keeps what was frozen'
fv train --resume pair
exits 0 'and goes on with it'
fv train pair.fv -s outputs=2 --resume pair
refuses 2 'another one is not that run' 'is not the pipeline that pair was begun with'

fv check net.fv --freeze 'stem' --freeze 'batchnorm1.*'
like "$out" '^stem .* \(frozen\)$' 'check says what is frozen'
like "$out" '^[0-9]+ of them trainable, 72 frozen$' 'and how many'
fv check net.fv --freeze dense1.bias
like "$out" '^dense1 .* \(8 frozen\)' 'of a layer, too'
fv check net.fv --freeze stemm
refuses 2 'a pattern that takes nothing' '^--freeze stemm:1:1: error: freeze: .*; did you mean "stem"\?$'
fv train net.fv --freeze '*' --out nothing
refuses 2 'nothing is left to train' 'there is nothing to train: all layers are frozen, and none is fitted$'

# -------------------------------------------------------------------- gradients

cat >middle.fv <<'END'
net { input(2, 6, 6) -> conv(4, 3, name="first") -> batchnorm -> conv(4, 3, pad=1, groups=4) -> layernorm -> groupnorm(2)
      -> prelu -> dropconnect(4, kernel=1, name="noisy") -> batchnorm -> conv(4, 1) -> dense(3) as y }
loss = softmax(y, label) + l2(0.1)
freeze ["batchnorm1", "conv2", "layernorm1", "groupnorm1", "prelu1", "noisy", "batchnorm2.running_*", "conv3.bias"]
END
fv gradcheck middle.fv --batch 3
exits 0 'gradients through frozen layers'
unlike "$out" 'layernorm1|noisy|conv3\.bias' 'of which none are made'
like "$out" 'batchnorm2\.weight' 'but where statistics alone are frozen'

# --------------------------------------------------------------- classes of the data

fv train pair.fv -s outputs=2 -s some=30 --seed 2 --out other -s 'frozen="stem"'
exits 0 'another draw'
for wrong in 'classes = [0, 3]|4:43: error: data: there is no class 3: the data have 0 to 2' \
  'classes = [1, 1]|4:43: error: data: class 1 is there already' \
  'classes = ["shoe"]|there is no class "shoe": the classes of the data have numbers, 0 to 2, and no names' \
  'per_class = 500|data: class 0 has [0-9]+ images to train with, not 500'; do
  sed "s/^data.*/data { source = idx(\"idx\")  ${wrong%%|*} }/" net.fv >wrong.fv
  fv train wrong.fv --out wrong
  ok "refused: ${wrong%%|*}" [ "$code" -ne 0 ]
  like "$err" "${wrong#*|}" "and why"
done
sed 's/idx("idx")/idx("idx", names="ant, bee, cat")  classes = ["bea"]/' net.fv >wrong.fv
fv train wrong.fv --out wrong
like "$err" 'there is no class "bea"; did you mean "bee"\?$' 'the nearest name'

# -------------------------------------------------------------------- features

for split in train test; do
  fv features net.fv -w base/best.safetensors --value hidden --split $split --out x-$split.npy --labels y-$split.npy \
    --names names-$split
  exits 0 "features of $split"
done
like "$out" '^x-test\.npy: hidden of 60 images, 8 each$' 'what was written'
is "$(head -c 80 x-test.npy | tail -c 70 | tr -d '\0' | tr -s ' ')" \
  "{'descr': '<f4', 'fortran_order': False, 'shape': (60, 8), } " 'the header of a matrix'
is "$(stat -c %s x-test.npy) $(stat -c %s y-test.npy) $(wc -l <names-test)" '2048 608 60' 'and all of it'
fv features net.fv -w base/best.safetensors --value stem --out maps.npy
like "$out" '^maps\.npy: stem of 60 images, 6x6x6 each$' 'a layer by its path'
fv features net.fv -w base/best.safetensors --value stem --out again.npy -s 'frozen="stem"'
ok 'the same bytes' same_bytes maps.npy again.npy
fv features net.fv -w base/best.safetensors --value hiden --out no.npy
refuses 2 'a value that there is not' 'no value or layer is called "hiden"; did you mean "hidden"\?$'
fv features net.fv -w base/best.safetensors --value hidden
refuses 2 'without --out' '^fovea: features: --out is missing'
fv features net.fv -w base/best.safetensors --value hidden --out no.npy --labels y.npy nosuch.png
refuses 2 'files have no classes' '^fovea: features: images that are named'
fv features net.fv -w base/best.safetensors --value hidden --out no.npy nosuch.png
refuses 1 'a file that there is not' 'nosuch\.png'
ok 'leaves nothing behind' [ ! -e no.npy ]

cat >linear.fv <<'END'
data { source = npy("x-train.npy", "y-train.npy", test="x-test.npy", test_labels="y-test.npy")  validate = 0.1 }
prepare { standardize }
net { input(8) -> dense(3) as scores }
loss = hinge(scores, label)
optimizer = sgd(rate=0.01)
train { epochs = 2  batch = 50 }
END
fv train linear.fv --out linear
exits 0 'a linear classifier on features'
like "$out" '^test: loss [0-9.]+ accuracy (0\.[5-9]|1)[0-9.]* \(60 images\)$' 'its result'
FOVEA_RESIDENT=off fv train linear.fv --out sent
ok 'the same where numbers are sent again in each epoch' same_bytes linear/last.safetensors sent/last.safetensors
fv features linear.fv -w linear/best.safetensors --value input1 --out back.npy
ok 'numbers go to the net as they are' same_bytes back.npy x-test.npy
sed 's/{ standardize }/{ normalize(0.5, 0.5) }/' linear.fv >wrong.fv
fv train wrong.fv --out wrong
refuses 2 'operations on images are refused' '^wrong\.fv:2:11: error: normalize: works on images'
sed 's/input(8)/input(2, 2, 2)/' linear.fv >wrong.fv
fv train wrong.fv --out wrong
refuses 2 'another shape' 'the data are arrays of 8x1x1, the net.s input is 2x2x2$'
make_npy short.npy '<i8' '(2,)' '\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00'
make_npy half.npy '<f4' '(1,)' "$(f32 0.5)"
make_npy one.npy '<f4' '(1, 8)' "$(for i in 1 2 3 4 5 6 7 8; do f32 1; done)"
make_npy cube.npy '<f4' '(1, 1, 1, 1, 1)' "$(f32 1)"
make_npy nan.npy '<f4' '(1, 1)' '\x00\x00\xc0\x7f'
head -c 100 x-train.npy >cut.npy
for wrong in 'x-train.npy short.npy expected a class for each of 800 samples' 'one.npy half.npy element 0 is 0.5, and no class' \
  'cube.npy half.npy has 5 dims' 'nan.npy half.npy number 0 is not finite' 'cut.npy half.npy cut.npy: ' \
  'y-train.npy y-train.npy has 1 dims' 'nosuch.npy half.npy nosuch.npy: '; do
  read -r x y why <<<"$wrong"
  sed "s/npy(.*)/npy(\"$x\", \"$y\")/" linear.fv >wrong.fv
  fv train wrong.fv --out wrong
  refuses 1 "arrays that are wrong: $x $y" "$why"
done

# --------------------------------------------------- neighbours behind a frozen trunk

cat >knn.fv <<'END'
data { source = idx("idx")  per_class = 20 }
net { input(1, 8, 8) -> conv(6, 3, name="stem") -> batchnorm -> relu -> knn(3) as votes }
freeze ["stem", "batchnorm1"]
metric = accuracy(votes, label)
END
fv train knn.fv --weights base/best.safetensors --partial --out knn
exits 0 'neighbours of what another net makes of images'
like "$err" '^knn1: fitted to 60 images$' 'what the weights lack is fitted'
result=$out
fv eval knn.fv -w knn/best.safetensors
is "$out" "$result" 'and kept with the rest'

done_testing
