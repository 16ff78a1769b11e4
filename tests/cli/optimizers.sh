#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Optimizers, schedules and what all of them have, in whole trainings: they go on bit for bit after an interruption, and
# their files say what they should.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

make_idx
make_pipeline
steps=103 # of an epoch: 720 pictures, 7 at a time, the last 6 too

# net.fv with another optimizer, schedule and more for `train`.
pipeline() { # FILE OPTIMIZER SCHEDULE [TRAIN]
  sed -e "s/^optimizer = .*/optimizer = $2/" -e "s/^schedule .*/schedule = $3/" \
    -e "s/^train {/train { ${4:-} /" net.fv >"$1.fv"
}

# Trains in one go, and again with a stop and a kill in the middle of epochs: the same files.
goes_on() { # FILE OPTIMIZER SCHEDULE [TRAIN]
  local name=$1 whole
  pipeline "$@"
  fv train "$name.fv" -s epochs=8 --out "$name-whole"
  exits 0 "$name: a training, not interrupted"
  whole=$out
  start "$name.fv" -s epochs=8 --out "$name"
  ok "$name: in the middle of an epoch" hold "$name" 4 50
  finish INT
  exits 1 "$name: stopped"
  start --resume "$name"
  ok "$name: resumed, in the middle of a later epoch" hold "$name" 13
  finish KILL
  exits 137 "$name: killed"
  fv train --resume "$name"
  exits 0 "$name: resumed again"
  is "$out" "$whole" "$name: the same result"
  ok "$name: the same checkpoint" same_bytes "$name/last.safetensors" "$name-whole/last.safetensors"
  ok "$name: the same best parameters" same_bytes "$name/best.safetensors" "$name-whole/best.safetensors"
  is "$(timeless "$name")" "$(timeless "$name-whole")" "$name: the same log"
}

# What a checkpoint holds beside the parameters.
slots() { # RUN
  head -c 20000 "$1/last.safetensors" | grep -aoE '"optimizer/[a-z 0-9]+/' | sort -u | tr -d '"\n'
}

# The rates in the log of a training, one a line.
rates() { # RUN
  grep '"train"' "$1/log.jsonl" | grep -oE '"rate":[-+0-9.e]+' | cut -d: -f2
}

# -------------------------------------------------------------------- resuming

goes_on momentum 'momentum(rate=rate)' 'exponential(k=0.2)'
goes_on nesterov 'nesterov(rate=rate, clip_norm=1)' 'inverse(k=0.5)' 'accumulate = 4 ema = 0.9'
is "$(slots nesterov)" 'optimizer/averaged parameter/optimizer/gathered gradient/optimizer/velocity/' \
  'a checkpoint holds the averages and what was gathered'
goes_on adagrad 'adagrad(rate=rate)' 'linear(warmup=150)'
goes_on rmsprop 'rmsprop(rate=0.002, momentum=0.5, centered=true, noise=0.001)' \
  'plateau(patience=0, factor=0.5, warmup=1, warmup_unit=epochs)'
ok 'plateau: the rate has fallen' [ "$(rates rmsprop | tail -n 1)" != 0.002 ]
goes_on adamw 'adamw(rate=0.003, clip_value=0.1)' 'inverse_sqrt(per=step)'
goes_on lbfgs 'lbfgs(rate=0.05, history=3, max_iter=2, clip_norm=1)' 'constant' 'ema = 0.95'
is "$(slots lbfgs | grep -o vector | wc -l)" 8 'lbfgs: direction, gradient, and two vectors for each step remembered'
like "$(metadata lbfgs/last.safetensors optimizer)" '^0x[0-9a-f.p+]+ ' 'and numbers'
goes_on wolfe 'lbfgs(history=2, max_iter=2, line_search=strong_wolfe, noise=0.0001)' 'plateau(watch=metric)'
sed -i 's/conv(4, 3, pad=1)/conv(4, 3, pad=1, rate=0.25)/; s/dense(16)/dense(16, rate=0)/' net.fv
goes_on rates 'sgd(rate=rate, momentum=0.9, noise=0.001)' cosine 'accumulate = 3'

# -------------------------------------------------------------- several batches

# Seven batches of 7 are one of 49, but for batch statistics and dropout: a net without.
cat >plain.fv <<'END'
let batch = 49
let accumulate = 1
data { source = idx("idx") validate = 0.1 }
net { input(1, 8, 8) -> dense(16) -> tanh -> dense(3) as logits }
loss      = softmax(logits, label) + l2(1e-3)
optimizer = sgd(rate=0.05, momentum=0.9)
schedule  = cosine
train { epochs = 2 batch = batch accumulate = accumulate }
END
fv train plain.fv --out large
exits 0 'a large batch'
large=$out
fv train plain.fv -s batch=7 -s accumulate=7 --out gathered
exits 0 'the same in parts'
is "$out" "$large" 'with the same result'

# ----------------------------------------------------------- frozen, and averages

sed 's/dense(16)/dense(16, rate=0)/' plain.fv >frozen.fv
fv train frozen.fv -s accumulate=2 --out frozen
exits 0 'a layer with rate=0'
parameter() { # FILE: of plain.fv, dense1.weight, as it lies there
  local length
  length=$(od -An -tu8 -N8 "$1" | tr -d ' ')
  local offsets
  offsets=$(tail -c +9 "$1" | head -c "$length" | grep -aoE '"dense1.weight":\{[^}]*"data_offsets":\[[0-9]+,[0-9]+' |
    grep -oE '[0-9]+,[0-9]+$')
  tail -c +$((9 + length + ${offsets%,*})) "$1" | head -c $((${offsets#*,} - ${offsets%,*})) | cksum
}
sed -i 's/epochs = 2/epochs = 0/' frozen.fv
fv train frozen.fv --out begin --seed 1
is "$(parameter frozen/last.safetensors)" "$(parameter begin/last.safetensors)" 'its parameters stay as they began'
ok 'and others do not' [ "$(parameter large/last.safetensors)" != "$(parameter begin/last.safetensors)" ]

sed 's/accumulate = accumulate/ema = 0.99/' plain.fv >ema.fv
fv train ema.fv --out ema
exits 0 'averaged parameters'
averaged=$out
fv eval plain.fv -w ema/best.safetensors
is "$out" "$averaged" 'are what best.safetensors has, and what is tested'
fv eval plain.fv -w ema/last.safetensors
ok 'while training goes on with others' [ "$out" != "$averaged" ]

# ------------------------------------------------------------------------ check

total() { # FILE: bytes to train, without values
  fv check "$1" >/dev/null
  grep -oE 'optimizer [0-9.]+ [KM]iB' <<<"$out"
}
is "$(total plain.fv)" 'optimizer 6.0 KiB' 'check: one slot of momentum'
is "$(total ema.fv)" 'optimizer 12.0 KiB' 'check: and averages'
sed 's/sgd(.*/lbfgs(history=10)/' plain.fv >memory.fv
is "$(total memory.fv)" 'optimizer 132.0 KiB' 'check: lbfgs has two vectors, and two for each step that it remembers'

# ---------------------------------------------------------------------- refusals

refused() { # NAME OPTIMIZER SCHEDULE TRAIN PATTERN...
  local name=$1
  pipeline wrong "$2" "$3" "$4"
  shift 4
  fv check wrong.fv
  refuses_pipeline "$name" "$@"
}
refused 'a misspelt common option' 'sgd(clip_nrom=1)' cosine '' '^wrong\.fv:[0-9]+:[0-9]+: error: sgd: .*"clip_norm"\?'
refused 'a limit below 0' 'sgd(clip_norm=-1)' cosine '' 'sgd: clip_norm: expected a number from 0'
refused 'a common option twice' 'sgd(noise=1, noise=2)' cosine '' 'sgd: noise: given twice'
refused 'a common option by position' 'momentum(0.1, 0.9, 1)' cosine '' 'momentum: too many arguments'
refused 'a misspelt warm-up' sgd 'cosine(warmpu=5)' '' 'cosine: .*"warmup"\?'
refused 'a unit that there is not' sgd 'linear(warmup=5, warmup_unit=epoch)' '' 'linear: warmup_unit: .*"epochs"\?'
refused 'an average of all' sgd cosine 'ema = 1' 'train: ema: expected a number from 0 to below 1'
refused 'no batch at all' sgd cosine 'accumulate = 0' 'train: accumulate: .*from 1'
refused 'a misspelt setting' sgd cosine 'acumulate = 2' 'train: .*"accumulate"\?'
refused 'lbfgs with rates of its own' lbfgs cosine '' 'lbfgs: has one rate .* conv1 .*rate=0.25'
refused 'lbfgs in parts' lbfgs cosine 'accumulate = 2' 'lbfgs: .*accumulate = 2'
sed -i 's/, rate=0.25//; s/dense(16, rate=0)/dense(16, raet=0)/' net.fv
refused 'a misspelt rate' sgd cosine '' 'dense: .*"rate"\?'
sed -i 's/dense(16, raet=0)/dense(16, rate=-1)/' net.fv
refused 'a rate below 0' sgd cosine '' 'dense: rate: expected a number from 0'

done_testing
