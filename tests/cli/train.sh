#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Training and evaluation: what they print and leave behind, and that a run goes on bit for bit after any interruption.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

make_idx
make_pipeline
test_line='^test: loss [0-9.]+ accuracy [0-9.]+ \([0-9]+ images\)$'
steps=103 # of an epoch: 720 pictures, 7 at a time, the last 6 too

# A decimal fraction as a whole number of millionths, for bash to compare.
millionths() {
  local text
  printf -v text '%.6f' "$1"
  printf '%d' "$((10#${text/./}))"
}

differ() { ! cmp -s "$1" "$2"; }
less() { [ "$1" -lt "$2" ]; }

# ------------------------------------------------------------------- a training

fv train net.fv
exits 0 'train'
is "$(wc -l <<<"$out")" 1 'train prints one line'
like "$out" "$test_line" 'which is the result of the test split'
like "$out" '\(60 images\)$' 'of all its pictures'
trained=$out
is "$(ls runs)" net-1 'the run folder is runs/NAME-1'
is "$(ls runs/net-1 | tr '\n' ' ')" 'best.safetensors last.safetensors log.jsonl pipeline.fv report.html ' \
  'it holds five files, and no others'
like "$err" 'runs/net-1' 'stderr names the run folder'
for n in 1 2 3; do
  like "$err" "^epoch $n/3 +loss [0-9.]+ +accuracy [0-9.]+ +validation loss [0-9.]+ +validation accuracy [0-9.]+" \
    "stderr has a line for epoch $n"
done
unlike "$err" $'[\r\033]' 'no progress bar where stderr is no terminal'
is "$(grep -cvE '^\{"step":[0-9]+,"epoch":[0-9]+,"split":"(train|validate|test)",.*\}$' runs/net-1/log.jsonl)" 0 \
  'each line of the log is an object with step, epoch and split'
is "$(logged runs/net-1 step)" $((3 * steps)) 'every sample is seen once an epoch, those of a smaller last batch too'
is "$(metadata runs/net-1/last.safetensors step)" $((3 * steps)) 'the last checkpoint is that of the last step'
ok 'best.safetensors holds no state of the optimizer' \
  eval '! grep -aq optimizer/ runs/net-1/best.safetensors && grep -aq optimizer/ runs/net-1/last.safetensors'
has "$(cat runs/net-1/report.html)" '</html>' 'report.html is whole'

fv check runs/net-1/pipeline.fv
exits 0 'the pipeline kept in the run is one'

fv eval net.fv --weights runs/net-1/best.safetensors
exits 0 'eval'
is "$out" "$trained" 'eval of best.safetensors gives the line that training ended with'
is "$err" '' 'and nothing on stderr'
fv eval runs/net-1/pipeline.fv -w runs/net-1/last.safetensors --split validate
exits 0 'eval of a checkpoint, on the validation split'
like "$out" '^validate: loss [0-9.]+ accuracy [0-9.]+ \(80 images\)$' 'which has its share of the pictures'
validated=$(grep '"validate"' runs/net-1/log.jsonl | tail -n 1 | grep -oE '"loss":[0-9.]+' | cut -d: -f2)
like "$out" "loss $(printf %.4f "$validated") " 'with the loss that the log says'
fv eval net.fv -w runs/net-1/best.safetensors --split train
like "$out" '^train: loss [0-9.]+ accuracy [0-9.]+ \(720 images\)$' 'and on the training split'

fv train net.fv -s epochs=1
exits 0 'another training of the same pipeline'
is "$(ls runs | tr '\n' ' ')" 'net-1 net-2 ' 'is put into the next folder'
has "$(cat runs/net-2/pipeline.fv)" 'let epochs = 1' 'the pipeline is kept as resolved, -s included'

# ------------------------------------------------------------------ the same bits

fv train net.fv --out again --seed 1
exits 0 'train --out --seed'
ok 'the same seed gives the same checkpoint' same_bytes again/last.safetensors runs/net-1/last.safetensors
ok 'and the same best parameters' same_bytes again/best.safetensors runs/net-1/best.safetensors
fv train net.fv --out other --seed 2
exits 0 'train with another seed'
ok 'gives another checkpoint' differ other/last.safetensors again/last.safetensors
is "$(metadata other/last.safetensors seed)" 2 'which notes the seed'

# -------------------------------------------------------------------- interrupted

# Metrics that are counted, too: their sums are part of a checkpoint.
cp net.fv counted.fv
echo 'metric = [accuracy(logits), f1(logits), confusion(logits), recall(logits, class=1)]' >>counted.fv
long=(counted.fv -s epochs=20)
fv train "${long[@]}" --out whole
exits 0 'a longer training, not interrupted'
whole=$out

# Images stay on the device, or are sent again in each epoch: the same in every digit.
FOVEA_RESIDENT=off fv train "${long[@]}" --out streamed
exits 0 'FOVEA_RESIDENT=off: images are sent in each epoch'
is "$out" "$whole" 'with the same result'
ok 'and the same checkpoint' same_bytes streamed/last.safetensors whole/last.safetensors
is "$(timeless streamed)" "$(timeless whole)" 'and the same log'

finishes_alike() { # RUN NAME: the last fv did, as if there had been no interruption
  exits 0 "$2: resumed"
  is "$out" "$whole" "$2: the same result"
  ok "$2: last.safetensors is byte for byte that of the run without interruption" \
    same_bytes "$1/last.safetensors" whole/last.safetensors
  ok "$2: best.safetensors too" same_bytes "$1/best.safetensors" whole/best.safetensors
  is "$(timeless "$1")" "$(timeless whole)" "$2: the log says the same"
  is "$(leftovers "$1")" '' "$2: no half-written files"
}

# Points: in the first epoch (nothing but the checkpoint before the first step), and in later ones.
for lines in 1 17 50; do
  name="killed after $lines lines of the log"
  start "${long[@]}" --out "killed-$lines"
  ok "$name: in the middle of an epoch" hold "killed-$lines" "$lines"
  finish KILL
  exits 137 "$name: with SIGKILL"
  ok "$name: steps were lost" less "$(metadata "killed-$lines/last.safetensors" step)" "$(logged "killed-$lines" step)"
  fv train --resume "killed-$lines"
  finishes_alike "killed-$lines" "$name"
done

start "${long[@]}" --out stopped
ok 'interrupted: in the middle of an epoch' hold stopped 8 50 # not so near its end that it is over before the signal
begun=$SECONDS
finish INT
exits 1 'SIGINT: exit code 1'
ok 'SIGINT: at once' less $((SECONDS - begun)) $((5 * ${FOVEA_SLOWER:-1}))
is "$out" '' 'SIGINT: no result'
like "$err" 'fovea train --resume stopped' 'SIGINT: the command that goes on is told'
step=$(metadata stopped/last.safetensors step)
like "$err" "stopped after step $step;" 'SIGINT: a checkpoint of the last step was written'
ok 'SIGINT: within an epoch' less 0 $((step % steps))
start --resume stopped
ok 'then resumed, and killed in a later epoch' hold stopped 30
finish KILL
exits 137 'with SIGKILL'
fv train "${long[@]}" --resume stopped --seed 1
finishes_alike stopped 'interrupted, then killed'

# Images mixed with others, and operations that need passes of their own, in training.
sed 's/^augment .*/augment { crop(8, pad=1) -> mixup(0.4, p=0.8) -> blur(0.5..1) -> equalize(p=0.3) }/' net.fv >mixed.fv
fv train mixed.fv --out mixed --seed 3
exits 0 'mixed images: train'
like "$out" "$test_line" 'mixed images: a result'
start mixed.fv --out mixed-killed --seed 3
ok 'mixed images: in the middle of an epoch' hold mixed-killed 5
finish KILL
fv train --resume mixed-killed
exits 0 'mixed images: resumed'
ok 'mixed images: byte for byte that of the run without interruption' \
  same_bytes mixed-killed/last.safetensors mixed/last.safetensors

FOVEA_RESIDENT=off start "${long[@]}" --out changing
ok 'images sent in each epoch: in the middle of one' hold changing 5
finish KILL
FOVEA_RESIDENT=on start --resume changing
ok 'then images that stay: in the middle of an epoch' hold changing 20
finish KILL
FOVEA_RESIDENT=off fv train --resume changing
finishes_alike changing 'sent, then staying, then sent'

start "${long[@]}" --out ended
ok 'terminated: in the middle of an epoch' hold ended 3
finish TERM
exits 1 'SIGTERM: exit code 1'
like "$err" 'fovea train --resume ended' 'SIGTERM: as SIGINT'

# What was written in part when the computer went down.
: >ended/last.safetensors.tmp-abc123
printf '{"step":400,"ep' >>ended/log.jsonl
fv train --resume ended
finishes_alike ended 'terminated, with a log that ends within a line'

fv train --resume whole
exits 0 'a finished run, resumed'
is "$out" "$whole" 'gives its result again'

# ---------------------------------------------------------------------- refusals

start "${long[@]}" --out busy
ok 'a training is under way' hold busy 1
fv train --resume busy
refuses 1 'its folder is refused to another process' '^fovea: busy: .*another process'
finish KILL

fv train net.fv --out other
refuses 1 '--out: a folder that is not empty' '^fovea: other: .*not empty'
is "$(metadata other/last.safetensors seed)" 2 'is left as it is'
: >file
fv train net.fv --out file
refuses 1 '--out: a file' '^fovea: file: '
fv train net.fv --out file/inner
refuses 1 '--out: a folder in a file' '^fovea: file/inner: '

sed 's/dense(16)/dense(17)/' net.fv >wider.fv
fv train wider.fv --resume other
refuses 2 '--resume: another pipeline' 'wider\.fv' 'other/pipeline\.fv'
fv train -s rate=0.01 --resume other
refuses 2 '--resume: another rate' 'other/pipeline\.fv'
fv train --resume other --seed 3
refuses 2 '--resume: another seed' 'other.* seed 2'
mkdir empty
fv train --resume empty
refuses 1 '--resume: a folder without a run' 'empty'
fv train --resume none
refuses 1 '--resume: no folder' 'none'
fv train net.fv --resume none
refuses 1 '--resume: no folder, and a pipeline' 'none'
cp -r other no-checkpoint
rm no-checkpoint/last.safetensors
fv train --resume no-checkpoint
refuses 1 '--resume: no checkpoint' 'no-checkpoint/last\.safetensors'
cp other/best.safetensors no-checkpoint/last.safetensors
fv train --resume no-checkpoint
refuses 1 '--resume: parameters alone' 'no-checkpoint/last\.safetensors.*checkpoint'
head -c 3000 other/last.safetensors >no-checkpoint/last.safetensors
fv train --resume no-checkpoint
refuses 1 '--resume: half a checkpoint' 'no-checkpoint/last\.safetensors'
fv train --resume other --out elsewhere
refuses 2 '--resume and --out' '^fovea: train: .*--out'

# ---------------------------------------------------------------- not finite

fv train net.fv -s rate=1e6 --out diverged
exits 1 'a rate of a million: the work fails'
is "$out" '' 'without a result'
like "$err" 'not finite at step [0-9]+ ' 'the message names the step'
like "$err" 'learning rate ([0-9.]+e\+0[56]|[0-9]{6}[^0-9])' 'the learning rate'
like "$err" '(conv|batchnorm|dense|relu|maxpool|dropout)[0-9]' 'and the first layer'
like "$err" 'diverged/last\.safetensors' 'and the last good checkpoint'
fv eval net.fv -w diverged/last.safetensors
exits 0 'which can be evaluated'
like "$out" "$test_line" 'with a finite loss'

fv train net.fv -s rate=1e30 --out none
refuses_pipeline 'a rate beyond the range of the option' '^net\.fv:[0-9]+:[0-9]+: error: sgd: rate: .*1e\+30'

# ----------------------------------------------------------------------- weights

fv train net.fv -s epochs=1 --weights runs/net-1/best.safetensors --out further
exits 0 'train --weights'
ok '--weights: it begins with what was learnt' \
  less "$(millionths "$(logged further loss head)")" "$(millionths "$(logged runs/net-1 loss head)")"
head -c 1000 runs/net-1/best.safetensors >half.safetensors
fv train net.fv --weights half.safetensors --out none
refuses 1 '--weights: a truncated file' 'half\.safetensors'
ok 'no run folder is made then' [ ! -e none ]

# --------------------------------------------------------------- wrong pipelines

sed '/^data {/,/^}/d' net.fv >no-data.fv
fv train no-data.fv
refuses_pipeline 'train: no data' '^no-data\.fv:[0-9]+:[0-9]+: error: .*data'
fv eval no-data.fv -w runs/net-1/best.safetensors
refuses_pipeline 'eval: no data' '^no-data\.fv:[0-9]+:[0-9]+: error: .*data'
sed '/^loss/d' net.fv >no-loss.fv
fv train no-loss.fv
refuses_pipeline 'train: no loss' '^no-loss\.fv:[0-9]+:[0-9]+: error: .*loss'
sed '/^optimizer/d' net.fv >no-optimizer.fv
fv train no-optimizer.fv
refuses_pipeline 'train: no optimizer' '^no-optimizer\.fv:[0-9]+:[0-9]+: error: .*optimizer'
fv eval no-optimizer.fv -w runs/net-1/best.safetensors
exits 0 'eval needs no optimizer'
is "$out" "$trained" 'and gives the same'
sed 's/input(1, 8, 8)/input(1, 9, 9)/' net.fv >size.fv
fv train size.fv
refuses_pipeline 'train: pictures of another size than the input' '^size\.fv:[0-9]+:[0-9]+: error: '
sed 's/dense(3)/dense(2)/' net.fv >classes.fv
fv train classes.fv --out too-few
exits 2 'train: fewer outputs than classes'
ok 'no run folder is made then' [ ! -e too-few ]
fv train net.fv -s 'folder="nowhere"'
refuses 1 'train: no data there' 'nowhere'
fv train nothing.fv
exits 2 'train: no such pipeline'
has "$err" nothing.fv 'which the message names'
sed 's/  validate = 0.1//' net.fv >no-share.fv
fv eval no-share.fv -w runs/net-1/best.safetensors --split validate
refuses 1 'eval: no such split in the data' 'validate'
is "$(ls runs | tr '\n' ' ')" 'net-1 net-2 ' 'no refusal leaves a run folder behind'

done_testing
