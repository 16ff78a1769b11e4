#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Weights that fit a net, weights that do not, and --partial.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# A safetensors file. Each tensor: NAME DTYPE SHAPE BYTES, the bytes in printf's notation.
make_safetensors() { # FILE [NAME DTYPE SHAPE BYTES]...
  local file=$1 header='{' data= at=0
  shift
  while [ $# -gt 0 ]; do
    local end=$((at + ${#4} / 4))
    header+="${data:+,}\"$1\":{\"dtype\":\"$2\",\"shape\":[$3],\"data_offsets\":[$at,$end]}"
    data+=$4
    at=$end
    shift 4
  done
  header+='}'
  # shellcheck disable=SC2059
  printf "$(le64 ${#header})$header$data" >"$file"
}
le64() { # N: as eight bytes, least significant first, in printf's notation
  printf '\\x%02x\\x%02x\\x00\\x00\\x00\\x00\\x00\\x00' $(($1 & 255)) $(($1 >> 8))
}

# Two inputs, y = 0.5 x1 + 2 x2 + 1, then a batchnorm that changes nothing: mean 0, variance 1.
cat >net.fv <<'END'
let outputs = 1
net {
  input(2) -> dense(2, name="body") as trunk
  trunk -> batchnorm(epsilon=1e-12, name="bn") -> dense(outputs, name="fc") as y
  trunk -> dense(1, name="aux.fc") as early
}
loss = mse(y, target) + mse(early, target)
END
one=$(f32 1)
zero=$(f32 0)
body=(body.weight F32 2,2 "$one$zero$zero$one" body.bias F32 2 "$zero$zero")
bn=(bn.weight F32 2 "$one$one" bn.bias F32 2 "$zero$zero" bn.running_mean F32 2 "$zero$zero"
  bn.running_var F32 2 "$one$one")
fc=(fc.weight F32 1,2 "$(f32 0.5)$(f32 2)" fc.bias F32 1 "$one")
aux=(aux.fc.weight F32 1,2 "$one$one" aux.fc.bias F32 1 "$zero")
counter=(bn.num_batches_tracked I64 '' '\x07\x00\x00\x00\x00\x00\x00\x00')
make_npy in.npy '<f4' '(1, 2)' "$(f32 2)$(f32 0.5)"
make_npy target.npy '<f4' '(1, 1)' "$one"
run=(run net.fv --in in.npy)
step=(run net.fv --in in.npy --target target.npy)

make_safetensors all.safetensors "${body[@]}" "${bn[@]}" "${fc[@]}" "${aux[@]}"
fv "${run[@]}" -w all.safetensors
is "$code $out $err" '0 3 ' 'weights that fit'
make_safetensors counted.safetensors "${body[@]}" "${bn[@]}" "${counter[@]}" "${fc[@]}" "${aux[@]}"
fv "${run[@]}" -w counted.safetensors
is "$code $out $err" '0 3 ' "PyTorch's num_batches_tracked is passed over"
fv "${run[@]}" -w counted.safetensors --partial
is "$code $out $err" '0 3 ' 'and is nothing to be said with --partial'
make_safetensors other.safetensors "${body[@]}" "${bn[@]}" "${fc[@]}" "${aux[@]}" optimizer/v/fc.bias F32 1 "$one"
fv "${run[@]}" -w other.safetensors
is "$code $out $err" '0 3 ' 'names with a slash are no parameters: a checkpoint serves as weights'

# ----------------------------------------------- layers that prediction leaves out

make_safetensors headless.safetensors "${body[@]}" "${bn[@]}" "${fc[@]}"
fv "${run[@]}" -w headless.safetensors
is "$code $out $err" '0 3 ' 'prediction does without the weights of a head that only a loss looks at'
fv "${step[@]}" -w headless.safetensors
refuses 1 'a training step does not' \
  '^fovea: headless\.safetensors: lacks aux\.fc\.weight, aux\.fc\.bias \(--partial takes what fits\)$'
make_safetensors odd-head.safetensors "${body[@]}" "${bn[@]}" "${fc[@]}" aux.fc.weight F32 2 "$one$one"
fv "${run[@]}" -w odd-head.safetensors
is "$code $out" '0 3' 'nor does it look at their shape'
fv check net.fv
like "$out" '^16 parameters, [0-9]+ FLOPs for an image$' 'check: parameters to train'
like "$out" '^13 parameters, [0-9]+ FLOPs for an image in prediction$' 'and those that prediction needs'
fv check net.fv --json
like "$out" '"parameters" : 16' 'check --json: the same'
is "$(grep -A1 '"prediction"' <<<"$out" | grep -c '"parameters" : 13')" 1 'check --json: and in prediction'

# ------------------------------------------------------------- what does not fit

make_safetensors more.safetensors "${body[@]}" "${bn[@]}" "${fc[@]}" head.weight F32 1 "$one"
fv "${run[@]}" -w more.safetensors
refuses 1 'a tensor too many' '^fovea: more\.safetensors: has what the net has not: head\.weight \(--partial '
make_safetensors whole.safetensors "${body[@]}" "${bn[@]}" fc.weight I32 1,2 "$one$one" fc.bias F32 1 "$one"
fv "${run[@]}" -w whole.safetensors
refuses 1 'whole numbers' '^fovea: whole\.safetensors: fc\.weight is of whole numbers, where F32 or F64 is wanted'
make_safetensors mixed.safetensors "${body[@]}" bn.weight F32 1 "$one" bn.bias F32 2 "$zero$zero" "${fc[@]}" \
  bn.mean F32 2 "$zero$zero" bn.var F32 2 "$one$one"
fv "${run[@]}" -w mixed.safetensors
refuses 1 'all that is wrong is named at once' \
  'lacks bn\.running_mean, bn\.running_var; has what the net has not: bn\.mean, bn\.var; bn\.weight is 1, the net.s is 2'
many=()
for i in $(seq 30); do
  many+=("extra$i" F32 1 "$one")
done
make_safetensors many.safetensors "${body[@]}" "${bn[@]}" "${fc[@]}" "${many[@]}"
fv "${run[@]}" -w many.safetensors
refuses 1 'as far as one wants to read' 'extra19, extra20 and 10 more \('

# ----------------------------------------------------------------------- partial

fv "${run[@]}" -w more.safetensors --partial
is "$code $out" '0 3' '--partial: passes over what is too many'
is "$err" "fovea: more.safetensors: 8 of the net's 8 parameters and statistics are taken
fovea: not in the net, left aside: head.weight" 'and names it'
fv "${run[@]}" -w mixed.safetensors --partial
is "$code $out" '0 3' '--partial: what is not in the file begins as in training (here with what the file would have)'
is "$err" "fovea: mixed.safetensors: 5 of the net's 8 parameters and statistics are taken
fovea: of another size, begin anew: bn.weight is 1, the net's is 2
fovea: not in the file, begin anew: bn.running_mean, bn.running_var
fovea: not in the net, left aside: bn.mean, bn.var" 'and says what becomes of each'
fv "${run[@]}" -w all.safetensors --partial -s outputs=3
is "$code $(wc -w <<<"$out")" '0 3' '--partial: another number of classes'
like "$err" 'fc\.weight is 1x2, the net.s is 3x2, fc\.bias is 1, the net.s is 3$' 'and names what begins anew'
first=$out
fv "${run[@]}" -w all.safetensors --partial -s outputs=3 --seed 1
is "$out" "$first" 'which the seed decides'
fv "${run[@]}" -w all.safetensors --partial -s outputs=3 --seed 2
ok 'another seed, other values' [ "$out" != "$first" ]
fv "${step[@]}" -w headless.safetensors --partial
exits 0 '--partial: a training step without the weights of a head'
like "$err" '10 parameters and statistics are taken
fovea: not in the file, begin anew: aux\.fc\.weight, aux\.fc\.bias$' 'which is named'
make_safetensors foreign.safetensors x F32 1 "$one"
fv "${run[@]}" -w foreign.safetensors --partial
refuses 1 '--partial: nothing fits' '^fovea: foreign\.safetensors: nothing in it is this net.s: it lacks body\.weight, '
fv "${run[@]}" --partial
refuses 2 '--partial without --weights' '^fovea: run: --partial goes with --weights'

# ---------------------------------------------------------- every verb with weights

make_idx
cat >grow.fv <<'END'
data { source = idx("idx") }
net { input(1, 8, 8) -> dense(4, name="body") -> relu -> dense(3, name="fc") as logits }
loss = softmax(logits, label)
optimizer = sgd(rate=0.01)
train { epochs = 1  batch = 50 }
END
fv train grow.fv --out grown
exits 0 'a run'
sed 's/name="fc"/name="head"/' grow.fv >tune.fv
fv train tune.fv --weights grown/best.safetensors --out tuned
refuses 1 'train refuses weights that do not fit' \
  '^fovea: grown/best\.safetensors: lacks head\.weight, head\.bias; has what the net has not: fc\.weight, fc\.bias \('
ok 'and makes no run' [ ! -e tuned ]
fv train tune.fv --weights grown/best.safetensors --partial --out tuned
exits 0 'train --partial begins with what fits'
like "$err" "2 of the net's 4 parameters and statistics are taken$" 'and says how much'
like "$err" '^fovea: not in the file, begin anew: head\.weight, head\.bias$' 'and what not'
fv eval tune.fv --weights grown/best.safetensors --partial
exits 0 'eval --partial'
like "$err" 'begin anew: head\.weight' 'says it too'
make_png picture.png 8 8
fv predict tune.fv --weights grown/best.safetensors --partial picture.png
exits 0 'predict --partial'
like "$err" 'begin anew: head\.weight' 'says it too'
fv train --resume tuned
exits 0 'a run that began with --partial can be resumed'
is "$err" "$(grep -v taken <<<"$err")" 'without a word of weights'

done_testing
