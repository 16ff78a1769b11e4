#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fovea check: shapes, counts and drawings of nets that are right, and what it says of those that are not.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

for file in "$FOVEA_SOURCE"/pipelines/*.fv "$FOVEA_SOURCE"/bench/*.fv; do
  name=${file#"$FOVEA_SOURCE"/}
  fv check "$file"
  if ! grep -q '^net {' "$file"; then
    # It is there to be imported.
    refuses_pipeline "$name alone" ': error: .*net'
    continue
  fi
  exits 0 "$name"
  is "$err" '' "$name: nothing on stderr"
  like "$out" '^[0-9]+ parameters, [0-9.]+ ?[kMGT]? FLOPs for an image$' "$name: its sums"
  like "$out" '^memory to (train|predict), batch of [0-9]+: [0-9.]+ ([KMG]i)?B \(' "$name: its memory"
done
fv check "$FOVEA_SOURCE/pipelines/lenet-fashion.fv"
is "$(grep -oE '^(conv|maxpool|dense)[0-9] +[0-9x]+ +[0-9]+' <<<"$out" | tr -s ' ')" \
  $'conv1 20x24x24 520\nmaxpool1 20x12x12 0\nconv2 50x8x8 25050\nmaxpool2 50x4x4 0\ndense1 500 400500\ndense2 10 5010' \
  'LeNet: shapes and parameters by hand'
like "$out" '^431080 parameters, ' 'LeNet: their sum'
# What is compared with other frameworks must be the same net.
while read -r net parameters; do
  fv check "$FOVEA_SOURCE/bench/$net.fv"
  like "$out" "^$parameters parameters, " "bench/$net.fv: as many parameters as PyTorch's"
done <<'END'
resnet18 11173962
resnet50 25557032
vgg16 138357544
END

# --------------------------------------------------------------------- numbers

echo 'net { input(3, 32, 32) -> conv(10, 5, pad=2) as y }' >conv.fv
fv check conv.fv
exits 0 'a 5x5 convolution with padding of 3x32x32'
like "$out" '^conv1 +10x32x32 +760 +' 'gives 10x32x32 and has 760 parameters'
# 2 * 3 * 5 * 5 a number, and 10 * 32 * 32 of them, and a bias each: 1.55 M
like "$out" '^conv1 +10x32x32 +760 +1\.5[0-9] M ' 'its FLOPs'
like "$out" '^conv1 .* 2\.5 MiB( |$)' 'its memory: 40 KiB a sample, 64 in a batch'
fv check conv.fv --json
exits 0 'check --json'
is "$err" '' 'nothing on stderr'
json=$(tr -d ' \n' <"$tmp/.out")
has "$json" '"path":"conv1","kind":"conv","output":[10,32,32],"inputs":["input1"],"parameters":760,' 'the layer'
has "$json" '],"parameters":760,"frozen":0,"flops":' 'the sums'
if command -v json-glib-format >/dev/null; then
  ok 'valid JSON' json-glib-format "$tmp/.out" >/dev/null
else
  skip 'valid JSON' 'no json-glib-format here'
fi
for name in resnet-small inception-small; do
  fv check "$FOVEA_SOURCE/pipelines/$name.fv" --dot
  exits 0 "check --dot of $name"
  like "$out" '^digraph ' "$name: a graph"
  is "$(tail -n 1 <<<"$out")" '}' "$name: whole"
  is "$(grep -o '{' <<<"$out" | wc -l)" "$(grep -o '}' <<<"$out" | wc -l)" "$name: braces"
  if command -v dot >/dev/null; then
    ok "$name: dot draws it" dot -Tsvg "$tmp/.out" -o drawn.svg
  else
    skip "$name: dot draws it" 'no dot here'
  fi
done
fv check conv.fv --dot --json
refuses 2 '--dot and --json' '^fovea: check: '

# What a drawing says.
cat >deep.fv <<'END'
block unit(c) {
  in -> conv(c, 3, pad=1, bias=false) -> batchnorm -> relu -> conv(c, 1) as main
  add(main, in) -> relu as out
}
net {
  input(3, 8, 8) -> conv(4, 3, pad=1) -> repeat 20 { unit(4) } -> repeat 2 { unit(4) }
    -> flatten -> dropout(0.2) -> dense(10) as logits
}
loss = softmax(logits, label) + 0.5 * hinge(logits, label) + l2(0.01)
END
fv check deep.fv --dot
has "$out" '<B>deep</B>' 'a drawing has a title'
has "$out" '>6,466 parameters ' 'with all parameters, those of blocks that are drawn once too'
has "$out" 'label=<<B>unit1</B>  <FONT COLOR="#a8442a"><B>× 22</B></FONT>' 'blocks that are the same are drawn once'
is "$(grep -c 'subgraph cluster_' <<<"$out")" 1 'and not again'
has "$out" '<B>conv</B>  4, 3, pad=1</FONT><BR/><FONT POINT-SIZE="9" COLOR="#5b6673">conv1 · 144 parameters · ' \
  'a layer with its parameters'
has "$out" '[label="  4×8×8", weight=8];' 'shapes on the edges'
has "$out" '[label="0.5 × hinge(logits, label)"' 'losses with their factors'
sed 's/repeat 20/repeat 2/' deep.fv >shallow.fv
fv check shallow.fv --dot
is "$(grep -c 'subgraph cluster_' <<<"$out")" 4 'small nets are drawn whole'
if command -v dot >/dev/null; then
  fv check deep.fv --svg deep.svg
  exits 0 '--svg'
  is "$out$err" '' 'prints nothing'
  like "$(cat deep.svg)" '<svg ' 'and writes a drawing'
  unlike "$(cat deep.svg)" '<!ENTITY|href="http' 'with nothing of elsewhere in it'
  fv check deep.fv --svg no/such/folder.svg
  refuses 1 '--svg to where nothing can be written' 'no/such'
else
  skip '--svg' 'no dot here'
fi
mkdir empty
(PATH=$tmp/empty "$FOVEA" check deep.fv --svg none.svg) >.out 2>.err
code=$? out=$(cat .out) err=$(cat .err) last='check --svg without dot'
refuses 1 '--svg without Graphviz' 'apt install graphviz'
ok 'leaves no file' [ ! -e none.svg ]
fv check deep.fv --svg x.svg --json
refuses 2 '--svg and --json' '^fovea: check: --dot, --svg and --json: one of them'

# ------------------------------------------------------------------------- let

cat >let.fv <<'END'
let c = 4
let wide = 2 * c
let file = "nowhere"
net { input(3, 8, 8) -> conv(c, 3, pad=1) -> conv(wide, 1) as y }
END
fv check let.fv
like "$out" '^conv2 +8x8x8 +40 ' 'let'
fv check let.fv -s c=5
like "$out" '^conv2 +10x8x8 +60 ' '-s: another value, and what hangs on it'
fv check let.fv -s c=5 -s wide=3
like "$out" '^conv2 +3x8x8 +18 ' '-s twice'
fv check let.fv -s 'c=2 * 3'
like "$out" '^conv2 +12x8x8 +84 ' '-s with arithmetic'
fv check let.fv -s 'file="a b"'
exits 0 '-s with a string'
fv check let.fv -s d=5
exits 2 '-s of a name that is not there'
like "$err" 'error: .*"d".*"c"|error: .*\bd\b' 'names it'
is "$out" '' 'and prints nothing'
for set in c =5 c= 'c=)' 'c=5 5' c=conv c=0 c=-1 c=1.5 'c="x"' 'c=1/0' 'c=c' 'c=1e400'; do
  fv check let.fv -s "$set"
  exits 2 "-s $set"
  is "$out" '' "-s $set: prints nothing"
  ok "-s $set: says why" [ -n "$err" ]
done

# ------------------------------------------------------------- the two examples

mkdir contract
cat >contract/one.fv <<'END'
# LeNet on Fashion-MNIST
let classes = 10
let rate    = 0.01

data {
  source   = idx("/usr/share/datasets/fashion-mnist")
  validate = 0.1                       # share of the training split
}
prepare { normalize(mean=0.286, std=0.353) }        # every split
augment { crop(28, pad=2) -> flip(p=0.5) }          # training split only

net {
  input(1, 28, 28)
    -> conv(20, 5) -> relu -> maxpool(2)
    -> conv(50, 5) -> relu -> maxpool(2)
    -> dense(500) -> relu -> dropout(0.5)
    -> dense(classes) as logits
}

loss      = softmax(logits, label) + l2(5e-4)
optimizer = sgd(rate=rate, momentum=0.9)
schedule  = cosine
train { epochs = 3  batch = 64 }
END
fv check contract/one.fv
exits 0 'the first example of the contract'
like "$out" '^431080 parameters, ' 'its parameters'
cat >contract/two.fv <<'END'
block residual(c, stride=1) {
  in -> conv(c, 3, stride=stride, pad=1) -> batchnorm -> relu
     -> conv(c, 3, pad=1) -> batchnorm as main
  in -> match(main) as skip            # a 1x1 convolution, only where shapes differ
  add(main, skip) -> relu as out
}
block inception(a, b3, b, c5, c, p) {
  in -> { conv(a, 1) -> relu
        | conv(b3, 1) -> relu -> conv(b, 3, pad=1) -> relu
        | conv(c5, 1) -> relu -> conv(c, 5, pad=2) -> relu
        | maxpool(3, stride=1, pad=1) -> conv(p, 1) -> relu }
     -> concat as out
}
net {
  input(3, 32, 32) -> conv(16, 3, pad=1) -> repeat 3 { residual(16) }
    -> residual(32, stride=2) as trunk
  trunk -> gap -> dense(10) as logits
  trunk -> gap -> dense(4)  as boxes
}
loss = softmax(logits, label) + 0.3 * smooth_l1(boxes, box)
END
fv check contract/two.fv
exits 0 'the second example of the contract'
like "$out" '^residual4\.conv2 +32x16x16 ' 'paths: the layers of a block'
like "$out" '^residual4\.match1[. ]' 'match makes a layer where shapes differ'
like "$out" '^dense2 +4 +132 .* as boxes$' 'the second head'
is "$(grep -cE '^residual[1-4]\.conv[12] ' <<<"$out")" 8 'repeated blocks are numbered'

# ----------------------------------------------------------------- what is wrong

cat >tiny.fv <<'END'
# The example of the contract: shapes that do not add up, in a block.
let c = 16

block residual(c, stride=1) {
  in -> conv(c, 3, stride=stride, pad=1) -> batchnorm -> relu -> conv(c, 3, pad=1) as main
  in -> relu as skip
  add(main, skip) -> relu as out
}
net {
  input(16, 32, 32) -> conv(16, 3, pad=1)
    -> residual(32, stride=2) as y
}
END
fv check tiny.fv
refuses_pipeline 'shapes that do not fit, in a block' \
  '^tiny\.fv:7:3: error: add: .*(main is 32x16x16|32x16x16).*16x32x32.*\(in residual, used at 11:8\)$'

cat >wrong.fv <<'END'
let c = 4
net {
  input(3, 8, 8) -> cnov(c, 3) -> relu
    -> conv(c, 3, strid=2) -> maxpool(two)
    -> dense(unknown) -> conv(4, 3, pad=-1) as y
}
los = softmax(y, label)
optimizer = sdg(rate=0.1)
schedule = cosin
END
fv check wrong.fv
refuses_pipeline 'several mistakes are told in one run' \
  '^wrong\.fv:3:21: error: .*"cnov".*"conv"' \
  '^wrong\.fv:4:19: error: .*strid.*"stride"' \
  '^wrong\.fv:4:39: error: .*two' \
  '^wrong\.fv:5:14: error: .*unknown' \
  '^wrong\.fv:5:[0-9]+: error: .*pad' \
  '^wrong\.fv:7:1: error: .*los.*"loss"' \
  '^wrong\.fv:8:13: error: .*"sdg".*"sgd"' \
  '^wrong\.fv:9:12: error: .*"cosin".*"cosine"'

mkdir -p deep
printf 'block a() {\n  in -> relu -> rleu as out\n}\n' >deep/part.fv
printf 'import "deep/part.fv"\nnet { input(1, 4, 4) -> a as y }\n' >imports.fv
fv check imports.fv
refuses_pipeline 'a mistake in an imported file has that file as its place' '^(\./)?deep/part\.fv:2:17: error: .*"rleu".*"relu"'
(cd deep && "$FOVEA" check ../imports.fv) >.out 2>.err
code=$? out=$(cat .out) err=$(cat .err) last='check ../imports.fv'
exits 2 'imports are found beside the file that imports'
like "$err" 'deep/part\.fv:2:17: error: ' 'from wherever fovea is called'

cat >shapes.fv <<'END'
net {
  input(3, 8, 8) -> conv(4, 9) as a
  input(3, 8, 8) -> conv(4, 3, groups=2) as b
}
END
fv check shapes.fv
refuses_pipeline 'a kernel larger than its input, and groups that do not divide' \
  '^shapes\.fv:2:21: error: conv: ' '^shapes\.fv:3:21: error: conv: '
cat >terms.fv <<'END'
net { input(3) -> relu as x }
loss = focal(x, alpha=2) + dice(x, activation=relu) + triplet(x, mining=easy) + kl(x, logits=3)
     + softmax(x, smoothing=1.5) + softmax(x, weight=[1, -1, 1]) + huber(x, delta=0) + bce(x, pos_weight=-1)
     + contrastive(x, 3) + mae(x, target, 3)
metric = [f1(x, average=mean), precision(x, class=-2), recall(x, klass=1), topk(x, k=0), confusion]
END
fv check terms.fv
refuses_pipeline 'options of losses and metrics that they cannot have' \
  '^terms\.fv:2:23: error: focal: alpha: expected a number from -1 to 1, found 2' \
  '^terms\.fv:2:47: error: dice: activation: expected one of sigmoid, softmax, found relu' \
  '^terms\.fv:2:73: error: triplet: mining: expected one of hard, semi_hard, all, found easy' \
  '^terms\.fv:2:94: error: kl: logits: expected true or false, found 3' \
  '^terms\.fv:3:29: error: softmax: smoothing: expected a number from 0 to 1, found 1\.5' \
  '^terms\.fv:3:54: error: softmax: weight: expected .* each from 0 ' \
  '^terms\.fv:3:83: error: huber: delta: expected a number from 1e-06 ' \
  '^terms\.fv:3:106: error: bce: pos_weight: expected a number from 0 ' \
  '^terms\.fv:4:23: error: contrastive: target: expected the name of a target, found 3' \
  '^terms\.fv:4:43: error: mae: too many arguments: it has only 2 options' \
  '^terms\.fv:5:25: error: f1: average: expected one of macro, micro, weighted, found mean' \
  '^terms\.fv:5:51: error: precision: class: expected a whole number from -1 ' \
  '^terms\.fv:5:66: error: recall: no option "klass"; did you mean "class"' \
  '^terms\.fv:5:86: error: topk: k: expected a whole number from 1 ' \
  '^terms\.fv:5:90: error: confusion: value: missing: expected the name of a value'
printf 'net { input(1, 4, 4) -> conv(1000000, 3) -> conv(1000000, 1) -> dense(1000000) as y }\n' >vast.fv
LIMIT=10 fv check vast.fv
ok 'a net of a million channels: no crash' [ "$code" -le 2 ]
printf 'net { input(1, 4, 4) -> repeat 1000000000 { relu } as y }\n' >many.fv
LIMIT=10 fv check many.fv
refuses_pipeline 'a billion layers' '^many\.fv:1:[0-9]+: error: '
printf 'block a() { in -> b -> b as out }\nblock b() { in -> a -> a as out }\nnet { input(1) -> a as y }\n' >loop.fv
LIMIT=10 fv check loop.fv
refuses_pipeline 'blocks that use each other' '^loop\.fv:[0-9]+:[0-9]+: error: '
fv check missing.fv
exits 2 'no such file'
like "$err" 'missing\.fv.*No such file' 'is named'
is "$(wc -l <"$tmp/.err")" 1 'in one line'
LC_ALL=C.UTF-8 fv check 'no
such.fv'
exits 2 'a name with a line end in it'

done_testing
