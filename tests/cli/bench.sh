#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fovea bench: what is measured, printed and drawn; never how fast it is.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

number='[0-9.]+'
quick=(--seconds 0.05)

# ---------------------------------------------------------------------- a net

make_pipeline # its data are not there, and not needed
fv bench net.fv "${quick[@]}"
exits 0 'a net with loss and optimizer, without its data'
is "$err" '' 'nothing on stderr'
like "$out" '^net, batches of 7$' 'its name and batch'
like "$out" "^$(quoted "$(hostname)"): (CPU|GPU|accelerator|custom) .*, [0-9]+ compute units? \\(.*, driver .*\\)\$" \
  'the machine and the device'
like "$out" '^ +images/s +least +most +planned +peak memory$' 'a table'
for what in prediction training; do
  like "$out" "^$what +$number +$number +$number +$number [KM]iB +$number [KMG]iB\$" "$what"
  row=$(grep "^$what " <<<"$out")
  ok "$what: the median is between the least and the most" \
    awk '{ exit !($3 > 0 && $3 <= $2 && $2 <= $4) }' <<<"$row"
  digits=$(awk '{ print $2 }' <<<"$row" | tr -d . | sed -E 's/^0+//; s/0+$//')
  ok "$what: four digits" [ "${#digits}" -le 4 ]
done
unlike "$out" 'kernels of' 'no kernels where they were not asked for'
is "$(ls)" net.fv 'and no file'

fv bench net.fv "${quick[@]}" --batch 5 -s rate=0.1 --seed 3 --device 0
exits 0 'other values'
like "$out" '^net, batches of 5$' '--batch'

cat >plain.fv <<'END'
net { input(2, 6, 6) -> conv(3, 3) -> relu -> dense(4) as y }
END
fv bench plain.fv "${quick[@]}"
exits 0 'a net without loss'
like "$out" '^prediction +' 'is measured in prediction'
unlike "$out" '^training ' 'alone'
echo 'loss = softmax(y, label)' | cat plain.fv - >loss.fv
fv bench loss.fv "${quick[@]}"
exits 0 'a net without optimizer'
unlike "$out" '^training ' 'the same'
echo 'loss = mse(y, t) + l2(1e-4) optimizer = sgd(rate=1e6)' | cat plain.fv - >wild.fv
fv bench wild.fv "${quick[@]}"
exits 0 'targets that are numbers; a rate that would ruin the net'
like "$out" '^training +' 'training is measured'

# --------------------------------------------------------------------- kernels

fv bench net.fv "${quick[@]}" --kernels
exits 0 '--kernels'
like "$out" "^kernels of a training step: $number ms, of $number ms in all\$" 'of a training step'
like "$out" "^kernels of a prediction: $number ms, of $number ms in all\$" 'of a prediction'
like "$out" '^layer +kernel +n +ms +share +GFLOP/s +GB/s +of peak$' 'a table'
for row in 'conv1 +conv_forward' 'conv1 +conv_weight_gradient' 'dense2 +conv_input_gradient'; do
  like "$out" "^$row +[0-9]+ +$number +$number% +$number +$number +$number%\$" "$row: its FLOPs"
done
for row in 'conv1 +conv_pack' 'batchnorm1 +normalise' 'softmax +judge' 'l2 +penalty_gradient' 'accuracy +evaluate' \
  'sgd +update'; do
  like "$out" "^$row +[0-9]+ +$number +$number% +$number +$number%\$" "$row: bytes alone"
done
is "$(grep -cE '^sgd +update ' <<<"$out")" 1 'the update is in training alone'
shares=$(sed -n '/^kernels of a training/,/^$/p' <<<"$out" | grep -oE '[0-9.]+%' | sed -n 'p;n' | tr -d % | paste -sd+)
ok 'shares add up to 100%' awk "BEGIN { sum = $shares; exit !(sum > 97 && sum < 103) }"
like "$out" "^  arithmetic +$number GFLOP/s " "the device's peak"

# ------------------------------------------------------------------- the device

fv bench
exits 0 'without a pipeline'
is "$err" '' 'nothing on stderr'
like "$out" "^  arithmetic +$number GFLOP/s " 'arithmetic'
like "$out" "^  memory +$number GB/s " 'memory'
like "$out" "^  a launch +$number us " 'a launch'
like "$out" "^  a read-back +$number us " 'a read-back'

# ------------------------------------------------------------------------ JSON

valid() { # NAME: of the last fv
  if command -v json-glib-format >/dev/null; then
    ok "$1: valid" json-glib-format "$tmp/.out" >/dev/null
  else
    skip "$1: valid" 'no json-glib-format here'
  fi
}

has_keys() { # NAME KEY...
  local name=$1 key missing=
  shift
  for key; do
    grep -q "\"$key\" : " <<<"$out" || missing+=" $key"
  done
  is "$missing" '' "$name: its keys"
}

machine=(machine device platform driver units)
run=(images_per_second least most slices steps lanes planned_bytes)
fv bench --json
exits 0 'the device as JSON'
valid 'the device'
has_keys 'the device' "${machine[@]}" peak gflops gbytes launch_seconds read_seconds
fv bench net.fv "${quick[@]}" --json
exits 0 'a net as JSON'
valid 'a net'
has_keys 'a net' "${machine[@]}" pipeline batch prediction training "${run[@]}"
unlike "$out" '"(kernels|peak)"' 'without kernels'
fv bench net.fv "${quick[@]}" --json --kernels
exits 0 'kernels as JSON'
valid 'kernels'
has_keys 'kernels' prediction training peak kernels kernel_seconds layer kernel launches seconds share gflops gbytes \
  of_peak
fv bench plain.fv "${quick[@]}" --json
unlike "$out" '"training"' 'no training where there is none'

# ------------------------------------------------------------------------- tiles

export XDG_CACHE_HOME=$tmp/.cache
cat >small.fv <<'END'
net { input(2, 4, 4) -> conv(3, 3) -> dense(4) as y }
END
FOVEA_KERNELS=cpu fv bench small.fv --tune
exits 0 '--tune with kernels for CPUs'
is "$out" 'nothing to tune: kernels for CPUs choose their tiles without trying' 'says so'
is "$(ls "$XDG_CACHE_HOME/fovea" 2>/dev/null | grep tiles)" '' 'and keeps nothing'

export FOVEA_KERNELS=gpu FOVEA_BUILD_OPTIONS=-cl-opt-disable # compiling ten programs is what takes time
fv bench small.fv --tune "${quick[@]}" --batch 3
exits 0 '--tune with kernels for GPUs'
is "$err" '' 'nothing on stderr'
like "$out" '^small, batches of 3$' 'its name and batch'
for row in 'conv1 +conv_forward' 'dense1 +conv_forward'; do
  like "$out" "^$row +$number +$number +[0-9]+x[0-9]+ by [0-9]+x[0-9]+ items, slab [0-9]+\$" "$row"
done
file=$(sed -n 's/^kept in //p' <<<"$out")
ok 'the file is there' [ -f "$file" ]
is "$(leftovers "$XDG_CACHE_HOME/fovea")" '' 'nothing is left half written'
like "$(cat "$file")" '^conv_forward 3x3 .* from 2x4x4 to 3x2x2 batch 3 .*=.* items, slab ' 'a line for a product'

fv bench small.fv "${quick[@]}"
is "$err" '' 'a good file is read in silence'
cp "$file" good
for wrong in device:'s/^device=.*/device=another/' driver:'s/^driver=.*/driver=0/' kernels:'s/^kernels=.*/kernels=0/'; do
  sed "${wrong#*:}" good >"$file"
  fv bench small.fv "${quick[@]}"
  exits 0 "a file of another ${wrong%%:*}"
  has "$err" "fovea: warning: $file: not made with this ${wrong%%:*}" 'is not used, with a warning'
done
head -c 40 good >"$file"
fv bench small.fv "${quick[@]}"
exits 0 'a file cut short'
has "$err" "fovea: warning: $file: " 'is not used, with a warning'
sed 's/=.* items.*/=1x1/' good >"$file"
fv bench small.fv "${quick[@]}"
exits 0 'a tile that there is not'
has "$err" "fovea: warning: $file: names a tile that there is not" 'is not used, with a warning'
FOVEA_CACHE=0 fv bench small.fv "${quick[@]}"
is "$err" '' 'FOVEA_CACHE=0: it is not looked at'
unset FOVEA_KERNELS FOVEA_BUILD_OPTIONS XDG_CACHE_HOME

fv bench --tune
refuses 2 '--tune without a pipeline' '^fovea: bench: without PIPELINE'
fv bench small.fv --tune --kernels
refuses 2 '--tune with --kernels' '^fovea: bench: --tune goes without'

# ----------------------------------------------------------------------- charts

well_formed() { # FILE NAME
  if command -v xmllint >/dev/null; then
    ok "$2: well formed" xmllint --noout "$1"
  else
    is "$(head -c 5 "$1"; tail -n 1 "$1")" '<?xml</svg>' "$2: whole"
  fi
}

mv net.fv 'a<b&c.fv'
fv bench 'a<b&c.fv' "${quick[@]}" --kernels --chart all.svg
exits 0 '--chart'
like "$out" '^training +' 'the table is printed too'
well_formed all.svg 'a chart'
chart=$(cat all.svg)
has "$chart" '<svg xmlns="http://www.w3.org/2000/svg"' 'is SVG'
has "$chart" 'a&lt;b&amp;c, batches of 7' 'has its title, escaped'
for text in prediction training 'kernels of a training step' 'conv1 conv_forward' 'sgd update' 'GFLOP/s'; do
  has "$chart" "$text" "names $text"
done
unlike "$chart" 'nan|inf' 'has no number that is none'
echo old >few.svg
fv bench plain.fv "${quick[@]}" --json --chart few.svg
exits 0 '--chart in the place of a file, with --json'
well_formed few.svg 'a chart of prediction alone'
unlike "$(cat few.svg)" 'kernels of' 'without kernels'
fv bench plain.fv "${quick[@]}" --chart none/few.svg
refuses 1 'a folder that is not there' '^fovea: none/few\.svg'
is "$(leftovers .)" '' 'nothing is left half written'

# ------------------------------------------------------------------ wrong usage

for option in --kernels '--batch 4' '--seconds 1' '--chart x.svg' '-s a=1' '--seed 1'; do
  # shellcheck disable=SC2086 # an option and its value
  fv bench $option
  refuses 2 "$option without a pipeline" '^fovea: bench: without PIPELINE'
done
for batch in 0 -3 65537 many; do
  fv bench plain.fv --batch "$batch"
  refuses 2 "--batch $batch" '^fovea: bench: '
done
for seconds in 0 -1 nan 1e9 soon; do
  fv bench plain.fv --seconds "$seconds"
  refuses 2 "--seconds $seconds" '^fovea: bench: '
done
fv bench plain.fv --chart picture.png
refuses 2 'a chart that is no .svg' '^fovea: bench: --chart picture\.png'
fv bench plain.fv net.fv
refuses 2 'two pipelines' '^fovea: bench: .*"net\.fv"'
fv bench nowhere.fv
exits 2 'a pipeline that is not there'
fv bench plain.fv --device crystal
refuses 2 'a device that is not there' '"crystal"'
echo 'net { input(1, 4, 4) -> cnov(3, 3) as y }' >wrong.fv
fv bench wrong.fv
refuses_pipeline 'a wrong pipeline' 'did you mean "conv"'
echo 'net { input(1, 4, 4) as a input(1, 4, 4) as b add(a, b) as y }' >two.fv
fv bench two.fv
refuses_pipeline 'two inputs' 'exactly one input'
echo 'net { input(16, 64, 64) -> conv(16, 3) as y }' >large.fv
POCL_MEMORY_LIMIT=1 fv bench large.fv --batch 4096
refuses 1 'a batch that does not fit' '^fovea: .*the largest batch that fits is'

done_testing
