#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What ends a training, or keeps something of it, before its last epoch: early stopping, snapshots at the ends of cycles,
# SIGUSR1; and what a run is resumed from.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

make_idx
make_pipeline
steps=103 # of an epoch

# --------------------------------------------------------------- early stopping

# Nothing is better by more than 1 than the accuracy of the first epoch.
sed 's/batch = batch/batch = batch  patience = 2  min_delta = 1  snapshots = true/
  s/schedule  = cosine/schedule  = cosine(cycles=2)/' net.fv >early.fv
fv train early.fv -s epochs=4 --out early
exits 0 'patience: train'
like "$out" '^test: loss ' 'a result, as of any training'
reason='stopped early, after epoch 3 of 4: for 2 epochs validation accuracy has not been better by more than 1 than 0\.[0-9]+, that of epoch 1'
like "$err" "^$reason$" 'it says that it stopped early, and why'
is "$(grep -c '^epoch ' <<<"$err")" 3 'after two epochs that were no better than the first'
like "$(grep '"note"' early/log.jsonl)" "\"epoch\":3,\"split\":\"validate\".*\"note\":\"$reason\"" 'so does the log'
has "$(cat early/report.html)" 'stopped early' 'and the report'
is "$(metadata early/last.safetensors step)" $((3 * steps)) 'the last parameters are those of the third epoch'
stopped=$out
fv train --resume early
exits 0 'patience: a run that stopped early, resumed'
is "$out" "$stopped" 'gives its result again'
like "$err" '^early: is done, after step 309$' 'it says that nothing is left to do'
like "$err" "^$reason$" 'and why'

fv eval early/pipeline.fv -w early/best.safetensors
is "$out" "$stopped" 'the best parameters are the ones tested'

# With a metric to watch that falls: the loss, where there is no metric.
sed 's/^loss .*/loss = triplet(logits, label)/; s/min_delta = 1/min_delta = 1000/' early.fv >falling.fv
fv train falling.fv -s epochs=4 --out falling
exits 0 'patience without a metric: train'
like "$err" 'for 2 epochs validation loss has not been better by more than 1000 than [0-9.]+, that of epoch 1$' 'the loss is watched'

# Without patience's end in sight nothing changes.
sed 's/batch = batch/batch = batch  patience = 100/' net.fv >patient.fv
fv train net.fv --out plain
fv train patient.fv --out patient
exits 0 'much patience: train'
unlike "$err" 'stopped early' 'all epochs are done'
ok 'the best parameters are those of a training without' same_bytes patient/best.safetensors plain/best.safetensors

sed 's/  validate = 0.1//' early.fv >no-share.fv
fv train no-share.fv --out none
refuses_pipeline 'patience: no validation split' '^no-share\.fv:[0-9]+:[0-9]+: error: train: patience: .*validation split.*validate = 0\.1'
ok 'no run folder is made then' [ ! -e none ]

# Killed while it counts, it stops after the same epoch: the count is part of the checkpoint.
sed 's/patience = 2/patience = 12/' early.fv >killed.fv
fv train killed.fv -s epochs=20 --out whole
exits 0 'patience of 12: train'
whole=$out
start killed.fv -s epochs=20 --out killed
ok 'killed while it counts' hold killed 9
finish KILL
rm -f killed/snapshot-1.safetensors # it was kept after the step that the run goes on from, or is still there
: >killed/snapshot-1.safetensors.tmp-abc123
fv train --resume killed
exits 0 'resumed'
like "$err" "^killed: goes on after step [0-9]+ of 2060, in epoch [0-9]+ of 20$" 'it says from where'
is "$out" "$whole" 'the same result'
for file in last best; do
  ok "the same $file.safetensors" same_bytes "killed/$file.safetensors" "whole/$file.safetensors"
done
is "$(timeless killed)" "$(timeless whole)" 'and the same log'
is "$(leftovers killed)" '' 'no half-written files, of snapshots neither'

# -------------------------------------------------------------------- snapshots

sed 's/batch = batch/batch = batch  snapshots = true/; s/schedule  = cosine/schedule  = cosine(cycles=2)/' net.fv >cycles.fv
fv train cycles.fv --out cycles
exits 0 'snapshots: train'
is "$(cd cycles && ls snapshot-*)" "$(printf 'snapshot-%d.safetensors\n' 1 2)" 'one at the end of each cycle'
like "$err" '^snapshot-1\.safetensors: after step 155, the end of cycle 1$' 'said as it is kept: in the middle of the second epoch'
like "$err" '^snapshot-2\.safetensors: after step 309, the end of cycle 2$' 'and at the end'
fv eval cycles.fv -w cycles/snapshot-2.safetensors --split validate
second=$out
fv eval cycles.fv -w cycles/last.safetensors --split validate
is "$second" "$out" 'the last one holds the last parameters'
sed 's/cycles=2/cycles=1/' cycles.fv >one.fv
fv train one.fv
refuses_pipeline 'snapshots without cycles' '^one\.fv:[0-9]+:[0-9]+: error: train: snapshots: cosine has no cycles'

# ---------------------------------------------------------------------- SIGUSR1

start net.fv -s epochs=100 --out saved
ok 'SIGUSR1: in the middle of an epoch' hold saved 4
before=$(metadata saved/last.safetensors step)
kill -USR1 "$pid"
kill -CONT "$pid"
for ((tries = 0; tries < 1000; tries++)); do
  grep -q '^checkpoint' .bg-err && break
  sleep 0.01
done
kill -STOP "$pid"
fv train net.fv --out saved
refuses 1 'a second train --out is refused' "^fovea: saved: another process is at work in this folder \(process $pid\)$"
fv train --resume saved
refuses 1 'and a second --resume' "^fovea: saved: .*\(process $pid\)$"
finish KILL
exits 137 'SIGUSR1: it went on, until it was killed'
step=$(grep -oE '^checkpoint after step [0-9]+' <<<"$err" | head -n 1 | grep -oE '[0-9]+$')
like "$err" '^checkpoint after step [0-9]+: saved/last\.safetensors$' 'it says that a checkpoint was written'
ok 'of a later step than there was' [ "${step:-0}" -gt "$before" ]
ok 'which is there' [ "$(metadata saved/last.safetensors step)" -ge "${step:-1000000}" ]
ok 'the lock of a process that was killed is left' [ -e saved/.fovea-train.lock ]
start --resume saved
ok 'and no hindrance' hold saved $(($(wc -l <saved/log.jsonl) + 3)) # more than was there: it is at work
finish INT
exits 1 'the resumed run, interrupted'
like "$err" "^saved: goes on after step [0-9]+ of 10300, in epoch [0-9]+ of 100$" 'said what it went on from'
ok 'its lock is gone with it' [ ! -e saved/.fovea-train.lock ]

# ------------------------------------------------------------- hardly begun

mkdir unborn
cp plain/pipeline.fv unborn/
: >unborn/log.jsonl
fv train --resume unborn
exits 0 'a run that was killed before its first checkpoint, resumed'
like "$err" '^unborn: was killed before its first checkpoint: begins from the start, with seed 1$' 'begins from the start, and says so'
ok 'as a new one does' same_bytes unborn/last.safetensors plain/last.safetensors
mkdir half
cp plain/log.jsonl half/
fv train --resume half
refuses 1 'a log alone is no run' 'half.*pipeline\.fv'
cp unborn/last.safetensors unborn/best.safetensors half/
fv train net.fv --resume half
exits 0 'a checkpoint without a pipeline, and the pipeline'
ok 'which is kept then' same_bytes half/pipeline.fv plain/pipeline.fv

done_testing
