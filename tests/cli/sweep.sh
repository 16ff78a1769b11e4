#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fovea sweep: searches, kills and resumes, jobs, files that are no sweeps.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

export FOVEA_BUILD_OPTIONS=-cl-opt-disable # kernels are compiled for each value that they hold
make_idx

# What is drawn is the schedule's, which lives on the host: the kernels are compiled once.
cat >net.fv <<'END'
let from = 0.1
let warm = 10
let rate = 0.02
let epochs = 4
data { source = idx("idx")  validate = 0.1 }
prepare { normalize(mean=0.4, std=0.25) }
net { input(1, 8, 8) -> dense(8) -> relu -> dropout(0.2) -> dense(3) as logits }
loss      = softmax(logits, label)
optimizer = sgd(rate=rate, momentum=0.9)
schedule  = cosine(warmup=warm, warmup_from=from)
train { epochs = epochs  batch = 20 }
END
with() { # FILE LINES: the pipeline with this section
  { cat net.fv; printf 'sweep {\n%s\n}\n' "$2"; } >"$1"
}
with halving.fv '  from = log 1e-4..1  warm = [0, 20, 100]  search = halving(trials=6, keep=0.5)'

# Starts a sweep in the background: its process is $pid.
begin() { # ARGUMENT...
  "$FOVEA" sweep "$@" >.bg-out 2>.bg-err </dev/null &
  pid=$!
}
# Waits until a file has something in it; fails where the sweep ends before.
await() { # FILE
  local tries
  for ((tries = 0; tries < 12000; tries++)); do
    [ ! -s "$1" ] || return 0
    kill -0 "$pid" 2>/dev/null || return 1
    sleep 0.005
  done
  return 1
}

# ------------------------------------------------------------------- halving

fv check halving.fv
exits 0 'check knows the section'
fv train halving.fv --out plain -s epochs=1
exits 0 'to a training it means nothing'

fv sweep halving.fv --out whole --jobs 2
exits 0 'two trials at once'
whole=$out
is "$(grep -cE '^ +[0-9]+ +[123] +[124] ' <<<"$out")" 6 'a row for each trial'
is "$(grep -cE '^ +[0-9]+ +1 +1 ' <<<"$out")" 3 'half of them go on'
is "$(grep -cE '^ +[0-9]+ +3 +4 ' <<<"$out")" 2 'the best of those to the end'
like "$out" '^trial +round +epochs +from +warm +loss +accuracy$' 'the head of the table'
best=$(grep -oE '^best: trial [0-9]+' <<<"$out" | grep -oE '[0-9]+')
like "$out" "^best: trial $best, from=[0-9.e-]+ warm=(0|20|100): validation accuracy [0-9.]+$" 'the best of them'
ok 'weights of the best are kept' [ -s whole/best.safetensors ]
is "$(find whole/trial-* -name '*.safetensors')" '' 'of the others they are not'
unlike "$(cat whole/trial-*/log.jsonl)" '"split":"test"' 'nobody looks at the test split'
fv sweep --show whole
is "$out" "$whole" 'the table can be printed again'
is "$err" '' 'without further words'

unlike "$(cat whole/best.fv)" '^sweep' 'best.fv is a pipeline without the section'
like "$(cat whole/best.fv)" "^# The best of a sweep: trial $best, " 'it says where it comes from'
fv eval whole/best.fv --weights whole/best.safetensors --split validate
exits 0 'best.fv and its weights fit'
accuracy=$(grep -oE 'accuracy [0-9.]+' <<<"$out" | tail -n 1)
has "$(grep '^best:' <<<"$whole")" "validation $accuracy" 'they are as good as the table says'
fv train whole/best.fv --out trained
ok 'a training of it gives these weights' same_bytes trained/best.safetensors whole/best.safetensors
like "$(cat whole/sweep.svg)" '<svg ' 'there are plots'
is "$(grep -c '<rect class="frame"' whole/sweep.svg)" 2 'one for each let'

# --------------------------------------------------------------------- kills

# Each time in the middle of a trial, or right behind it: of the first round, and of those that go on.
killed=0
begin halving.fv --out killed
for trial in 1 2 4 5 6; do
  await "killed/trial-$trial/log.jsonl" || break
  kill -9 "$pid" && killed=$((killed + 1))
  wait "$pid" 2>/dev/null
  begin --resume killed
done
is "$killed" 5 'killed five times'
if await killed/trial-6/report.html || [ "$best" != 6 ]; then pass 'and resumed'; else fail 'and resumed' "$(cat .bg-err)"; fi
wait "$pid"
is "$?" 0 'it comes to its end'
pid=
is "$(cat .bg-out)" "$whole" 'with the same table'
ok 'and the same pipeline' same_bytes killed/best.fv whole/best.fv
ok 'and the same weights' same_bytes killed/best.safetensors whole/best.safetensors
ok 'and the same plots' cmp <(sed s/killed/whole/ killed/sweep.svg) whole/sweep.svg
is "$(leftovers killed)" '' 'nothing is left over'

begin halving.fv --out stopped --jobs 2
await stopped/trial-2/log.jsonl
kill -INT "$pid"
wait "$pid"
is "$?" 1 'Ctrl-C stops'
pid=
is "$(cat .bg-out)" '' 'without a table'
like "$(tail -n 1 .bg-err)" '^stopped; to go on: fovea sweep --resume stopped$' 'and says how to go on'
fv sweep --show stopped
exits 0 'what has ended until then can be seen'
like "$err" '^it is not over; .*--resume stopped$' 'with a word on the rest'
fv sweep --resume stopped
is "$out" "$whole" 'it ends in the same table'
fv sweep --resume stopped
is "$out" "$whole" 'and so it does when there is nothing left to do'

# ------------------------------------------------------------- other searches

with finer.fv '  from = log 1e-4..1  warm = 0..100  search = coarse_to_fine(trials=4, rounds=2)'
fv sweep finer.fv --out finer --keep --seed 3
exits 0 'coarse to fine'
is "$(grep -cE '^ +[12] +1 +2 ' <<<"$out") $(grep -cE '^ +[34] +2 +4 ' <<<"$out")" '2 2' 'the second round takes longer'
is "$(find finer/trial-* -name best.safetensors | wc -l)" 4 '--keep keeps all weights'
like "$(cat finer/trial-1/pipeline.fv)" '^  epochs = 2$' 'a trial is a run folder, with the epochs of its round'

with grid.fv '  rate = log 0.02..1e6  epochs = [1]  search = grid(points=2)'
fv sweep grid.fv --out grid
exits 0 'a trial that diverges is no error'
like "$out" '^ +1 +0\.02 +1 +[01]\.[0-9]+ +[01]\.[0-9]+$' 'a grid has both ends'
like "$out" '^ +2 +1e\+06 +1 +diverged +diverged$' 'the table says what diverged'
like "$out" '^best: trial 1, rate=0\.02 epochs=1: ' 'and it is not the best'
like "$(cat grid/sweep.svg)" 'class="cross"' 'the plot has a cross for it'

# -------------------------------------------------------------------- mistakes

fv sweep net.fv
refuses 2 'a pipeline without the section' '^net.fv:1:1: error: there is no sweep'
with wrong.fv '  epochs = [1, -1]'
fv sweep wrong.fv --out wrong
refuses 2 'a value that cannot be' '^wrong.fv:11:[0-9]+: error: train: epochs: .* \(with epochs=-1, .* draws at 13:3\)$'
fv check wrong.fv
refuses 2 'check finds it, too' '^wrong.fv:11:[0-9]+: error: train: epochs: .* found -1 '
with long.fv '  epochs = 1..9  search = halving'
fv check long.fv
refuses 2 'epochs that both decide on' '^long.fv:13:3: error: sweep: epochs: .* halving decides'
sed 's/validate = 0.1//' halving.fv >blind.fv
fv sweep blind.fv --out wrong
refuses 2 'nothing to judge by' 'there is none: data \{ validate = 0.1 \}'
fv sweep halving.fv --out wrong -s from=0.5
refuses 2 'what is drawn cannot be set' '^fovea: -s from=0.5: the sweep draws from \(at halving.fv:13:3\)$'
ok 'no folder is made for any of these' [ ! -e wrong ]
fv sweep halving.fv --out whole
refuses 1 'a folder that is in use' '^fovea: whole: the folder is not empty'
fv sweep --resume whole --out elsewhere
refuses 2 'a resumed sweep keeps its folder' '--out, --show, --set and --seed cannot stand beside it'
fv sweep halving.fv --jobs 0
refuses 2 'no jobs at all' '--jobs must be from 1 to 1024'

mkdir foreign
fv sweep --resume foreign
refuses 1 'a folder without a sweep' '^fovea: foreign: no sweep was begun'
printf 'SQLite format 3 is what this is not' >foreign/sweep.db
fv sweep --resume foreign
refuses 1 'a file that is no database' '^fovea: foreign/sweep.db: no sweep of fovea.s: not an SQLite database'
head -c 9000 whole/sweep.db >foreign/sweep.db
fv sweep --show foreign
refuses 1 'one that was cut' '^fovea: foreign/sweep.db: '
offset=60 # of the number of the format, in a database's head
for byte in 0 255; do
  cp whole/sweep.db foreign/sweep.db
  printf "\\x$(printf %02x $byte)" | dd of=foreign/sweep.db bs=1 seek=$((offset + (byte == 0) * 8)) conv=notrunc status=none
  fv sweep --show foreign
  refuses 1 "one of others, or of another version ($byte)" \
    '^fovea: foreign/sweep.db: (no sweep of fovea.s|a sweep in format -?[0-9]+, where this fovea knows format 1)$'
done
mkfifo pipe
mkdir piped && mv pipe piped/sweep.db
fv sweep --show piped
refuses 1 'a pipe' '^fovea: piped'
done_testing
