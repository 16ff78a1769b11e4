#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# trace: the numbers of the course's worked example, digit by digit, and what is shown of larger nets.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

example=$FOVEA_SOURCE/pipelines/worked-example.fv
weights=(-p dense1.weight=0.15,0.20,0.25,0.30 -p dense1.bias=0.35,0.35
  -p dense2.weight=0.40,0.45,0.50,0.55 -p dense2.bias=0.60,0.60)

# Numbers of the output: of lines that begin so, from the named section on.
numbers() { # SECTION LINE-BEGINNING [LAYER]
  sed -n "/^$1\$/,\$p" <<<"$out" | sed -n "/^${3:-.*}/,\$p" | grep -m 1 -E "^ +$2 +[-0-9]" |
    sed -E "s/^ +$2 +//; s/ +from .*//; s/ +/ /g"
}

fv trace "$example" --in 0.05,0.10 --target 0.01,0.99 "${weights[@]}"
exits 0 'the worked example'
is "$err" '' 'says nothing else'
if grep -q 'in double precision' <<<"$out"; then
  is "$(numbers Forward y dense1)" '0.3775 0.3925' 'net of the hidden units'
  is "$(numbers Forward y sigmoid1)" '0.593269992 0.596884378' 'out of the hidden units'
  is "$(numbers Forward y dense2)" '1.105905967 1.224921404' 'net of the outputs'
  is "$(numbers Forward y sigmoid2)" '0.75136507 0.772928465' 'out of the outputs'
  is "$(numbers Loss l)" '0.274811083 0.023560026' 'E of each output'
  is "$(numbers Loss loss)" '0.298371109' 'E in all'
  is "$(numbers Backward dy 'sigmoid2 as')" '0.74136507 -0.217071535' 'gradient of the outputs'
  is "$(numbers Backward 'dweight +\[0\]' dense1)" '0.000438568 0.000877135' 'gradient of w1, w2'
  is "$(numbers Backward dy sigmoid1)" '0.036350306 0.041370323' 'gradient that comes through both outputs'
  update=$(sed -n '/^dense1.weight$/,/^$/p' <<<"$out" | awk '/\[/ { print $NF }' | xargs)
  is "$update" '0.149780716 0.199561432 0.249751144 0.299502287' 'w1+ to w4+'
else
  like "$(numbers Loss loss)" '^0\.29837' 'E in all, in single precision'
fi
like "$out" 'y = 1 / \(1 \+ exp\(-x\)\)' 'the formula of a layer'
like "$out" 'dx = dy \* y \* \(1 - y\)' 'and of its derivative'
is "$(grep -c ' $' <<<"$out")" 0 'no blanks at the ends of lines'
is "$(awk 'length > 110' <<<"$out")" '' 'no line is too long'

fv trace "$example" --in 0.05,0.10 --target 0.01,0.99 "${weights[@]}" --digits 3
is "$(numbers Forward y sigmoid1)" '0.593 0.597' '--digits'
fv trace "$example" --in 0.05,0.10 --target 0.01,0.99 "${weights[@]}" --limit 3
like "$out" '^ +dweight +4 numbers: min 0.0004.*, mean 0.0007.*, max 0.0009' '--limit: what is shown instead'
like "$out" '^ +dbias +0\.00877' '--limit: smaller ones are whole'
fv trace "$example" --in 0.05,0.10 "${weights[@]}"
exits 0 'without a target'
like "$out" '^ +y +0\.7513' 'the output'
unlike "$out" '^(Loss|Backward|Update)$' 'and no way back'
golden=$FOVEA_SOURCE/tests/golden/course-backprop
fv trace "$example" --weights "$golden/weights.safetensors" --in "$golden/in.npy" --target "$golden/target.npy"
exits 0 'weights, input and target from files'
like "$out" '^loss L = 0\.29837' 'give the loss'

# ------------------------------------------------- values with several readers

cat >fan.fv <<'END'
net {
  input(1, 2, 2) -> conv(2, 1) -> relu as a
  a -> conv(2, 1) as b
  mul(a, a, b) -> add(a) -> dense(2) as y
}
loss = softmax(y, label) + 0.5 * hinge(y, label) + l2(0.01)
optimizer = adam(rate=0.1)
schedule = cosine
END
fv trace fan.fv --in 1,-2,3,4,0.5,1,0,-1 --target 1,0
exits 0 'several samples, classes, two losses, a penalty'
for from in add1 mul1 conv2 softmax hinge; do
  like "$out" "^ +share .* from $from\$" "a share from $from"
done
is "$(sed -n '/^Backward$/,$p' <<<"$out" | sed -n '/^relu1 as a$/,/^$/p' | grep -c '^ *share')" 4 \
  'a value that one reader takes twice gets two shares of it'
# Each share and the sum have one line a row: the sum is that of the shares.
ok 'the sum is that of the shares' awk '
  /^Backward$/ { on = 1 } /^Update$/ { on = 0 }
  on && / share +/ { row = 0; is_sum = 0 } on && / dy .* the sum$/ { row = 0; is_sum = 1 } on && (/ dy .* from / || /^ +d(x|weight|bias)/) { is_sum = 2 }
  on && /^ +(share|dy)? *\[[0-9, ]+\]/ && is_sum < 2 {
    line = $0; sub(/ +(from [a-z0-9]+|the sum)$/, "", line); sub(/^.*\]/, "", line); n = split(line, cells, " ")
    for (i = 1; i <= n; i++) {
      if (!is_sum) total[row, i] += cells[i]
      else { off = total[row, i] - cells[i]; if (off > 1e-7 || off < -1e-7) bad = 1; total[row, i] = 0; seen++ }
    }
    row++ }
  on && /^$/ { row = 0; is_sum = 0 }
  END { exit bad || seen < 20 }' <<<"$out"
like "$out" '^0\.5 \* hinge\(y, label\)$' 'the factor of a loss'
like "$out" '^ +softmax +\[0\] +0\.' 'probabilities'
like "$out" '^ +samples +\[0\] ' 'the loss of each sample'
like "$out" 'before +gradient +mean +square +after$' "the optimizer's state"

fv trace "$FOVEA_SOURCE/pipelines/lenet-fashion.fv" --in "$(printf '0.5,%.0s' {1..784})" --target 3
exits 0 'a larger net'
like "$out" '^ +y +11520 numbers: min ' 'is told by least, mean and largest'
like "$out" 'passes its input on|dropout' 'with what changes nothing'

# ------------------------------------------------------------------------ JSON

fv trace fan.fv --in 1,-2,3,4 --target 1 --json
exits 0 '--json'
if command -v json-glib-format >/dev/null; then
  ok 'valid JSON' json-glib-format "$tmp/.out" >/dev/null
else
  skip 'valid JSON' 'no json-glib-format here'
fi
json=$(tr -d ' \n' <<<"$out")
has "$json" '{"path":"relu1","kind":"relu","name":"a","inputs":["conv1"],"formula":"' 'a layer'
has "$json" '"shares":[{"from":"add1","gradient":{"shape":[1,2,2,2],"numbers":[' 'its shares'
has "$json" '{"name":"dense1.bias","before":{"shape":[2],"numbers":[' 'a parameter'
fv trace "$example" --in 1e-10,1e20 --json
if command -v json-glib-format >/dev/null; then
  ok 'numbers with exponents' json-glib-format "$tmp/.out" >/dev/null
fi
unlike "$out" '[0-9]e[-+]?[0-9]+\.' 'no point after an exponent'
like "$out" '^ +1(\.0)?e-10,$' 'the number itself'
fv trace fan.fv --in 1,-2,3,4 --target 1 --json --limit 4
has "$(tr -d ' \n' <<<"$out")" '"shape":[1,2,2,2],"min":' '--json --limit'

# ------------------------------------------------------------------ wrong usage

fv trace "$example"
refuses 2 'without --in' 'trace: --in is missing'
fv trace "$example" --in 1,2,3 --target 1,2
refuses 1 'half a sample' '--in: 3 numbers, where a sample of shape 2x1x1 has 2'
fv trace "$example" --in 1,x --target 1,2
refuses 1 'what is no number' '--in: "x" is no number'
fv trace "$example" --in 1,2,3,4 --target 1,2
refuses 1 'a target for each sample' '--target: holds 1 samples, the input 2'
fv trace fan.fv --in 1,2,3,4 --target 1.5
refuses 1 'half a class' '--target: 1.5 is no class'
fv trace fan.fv --in 1,2,3,4 --target 2
refuses 1 'a class that is not there' '--target: element 0 is 2, where classes are 0 to 1'
fv trace "$example" --in 1,2 -p dense1.weigth=1
refuses 2 'an unknown parameter' 'dense1.weigth.*did you mean "dense1.weight"'
fv trace "$example" --in 1,2 -p dense1.weight=1,2
refuses 1 'too few numbers' 'dense1.weight: 2 numbers, where its shape, 2x2, has 4'
fv trace "$example" --in 1,2 -p dense1.weight
refuses 2 '--param without numbers' '--param NAME=NUMBER'
for digits in 0 16; do
  fv trace "$example" --in 1,2 --digits "$digits"
  refuses 2 "--digits $digits" '--digits must be from 1 to 15'
done
printf 'net { input(2) -> dense(2) as y }\n' >lossless.fv
fv trace lossless.fv --in 1,2 --target 1,2
refuses 1 'a target without a loss' '--target: the pipeline has no loss with a target'

done_testing
