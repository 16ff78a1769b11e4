#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Help, wrong usage, the lists of devices and plugins: what goes to which stream, and with which exit code.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

valid_json() { # NAME: of what the last fv printed
  if command -v json-glib-format >/dev/null; then
    ok "$1" json-glib-format "$tmp/.out" >/dev/null
  else
    is "$(tr -d ' \n' <"$tmp/.out" | sed -E 's/^(.).*(.)$/\1\2/')" '[]' "$1"
  fi
}

# ------------------------------------------------------------------------ help

verbs='train sweep eval predict features report run trace augment doctor check inspect gradcheck bench devices new'
fv --help
exits 0 'fovea --help'
is "$err" '' 'prints to stdout'
for verb in $verbs; do
  like "$out" "^  $verb( |\$)" "and names $verb"
done
help=$out
fv -h
is "$code $out" "0 $help" 'fovea -h is the same'
fv help
is "$code $out" "0 $help" 'fovea help too'
begun=$(date +%s%N)
for i in 1 2 3 4 5; do
  "$FOVEA" --help >/dev/null
done
took=$((($(date +%s%N) - begun) / 5000000))
note "fovea --help takes $took ms"
ok 'fovea --help is quick' [ "$took" -lt $((200 * ${FOVEA_SLOWER:-1})) ]
fv --version
exits 0 'fovea --version'
like "$out" '^fovea [0-9]+\.[0-9]+\.[0-9]+$' 'prints one line'

common='--help'
declare -A options=(
  [train]='--set --weights --partial --freeze --seed --device --out --resume --tensorboard'
  [sweep]='--set --seed --device --out --resume --show --jobs --keep'
  [eval]='--set --weights --partial --seed --device --split --tta'
  [predict]='--set --weights --partial --seed --device --top --tta --json'
  [features]='--set --weights --partial --seed --device --value --split --out --labels --names'
  [report]='--out --device'
  [run]='--set --weights --partial --seed --device --in --out --target --grads'
  [trace]='--set --weights --partial --seed --device --in --target --param --digits --limit --json'
  [augment]='--set --seed --device --copies --labels --format --quality --filter --shard-size --sheet --resume --force
    --replay --on-error --max-bad --least-visible --max-pixels --max-side --jobs --batch'
  [doctor]='--set --weights --partial --seed --device --page --images --json'
  [check]='--set --freeze --dot --svg --json'
  [inspect]='--json'
  [gradcheck]='--set --weights --partial --seed --device --batch --tolerance --quiet'
  [bench]='--set --freeze --seed --device --batch --seconds --kernels --chart --json'
  [devices]=''
  [new]='--out'
)
for verb in $verbs; do
  fv "$verb" --help
  exits 0 "fovea $verb --help"
  is "$err" '' "fovea $verb --help prints to stdout"
  like "$out" "^  fovea $verb( |\$)|fovea $verb \[OPTION" "fovea $verb --help: usage"
  missing=
  for option in $common ${options[$verb]}; do
    grep -qE -- "(^|[ ,])$option([=, ]|\$)" <<<"$out" || missing+=" $option"
  done
  is "$missing" '' "fovea $verb --help tells of each option"
  text=$out
  fv help "$verb"
  is "$code $out" "0 $text" "fovea help $verb is the same"
done

# ----------------------------------------------------------------- wrong usage

fv
exits 2 'no arguments'
fv trian
refuses 2 'an unknown verb' '"trian".*did you mean "train"'
fv xyzzy
refuses 2 'an unknown verb that is like none' '"xyzzy"'
unlike "$err" 'did you mean' 'without a suggestion'
fv help trian
refuses 2 'help of an unknown verb' '"trian"'
fv ''
refuses 2 'an empty verb' '^fovea: '
for verb in $verbs; do
  fv "$verb" --no-such-option
  refuses 2 "fovea $verb: an unknown option" "^fovea: $verb: .*--no-such-option.*fovea $verb --help"
done
for verb in train sweep eval predict features report run augment doctor check gradcheck new; do
  fv "$verb"
  refuses 2 "fovea $verb: no arguments" "^fovea: $verb: "
done
net=$FOVEA_SOURCE/pipelines/worked-example.fv
fv check "$net" another.fv
refuses 2 'an argument too many' '^fovea: check: .*"another\.fv"'
fv devices all
refuses 2 'devices takes none' '^fovea: devices: .*"all"'
fv inspect layer conv more
refuses 2 'inspect takes two' '^fovea: inspect: .*"more"'
fv check "$net" -s
refuses 2 'an option without its value' '^fovea: check: '
fv eval "$net"
refuses 2 'eval without --weights' '^fovea: eval: .*--weights'
fv eval "$net" -w weights --split tset
refuses 2 'eval of an unknown split' '^fovea: eval: .*"tset".*train, validate and test'
fv train "$net" --seed -1
refuses 2 'a negative seed' '^fovea: train: .*--seed'
fv train "$net" --seed many
refuses 2 'a seed that is no number' '^fovea: train: .*many'
fv gradcheck relu --batch 0
refuses 2 'gradcheck of no samples' '^fovea: gradcheck: .*--batch'
fv gradcheck relu --tolerance 0
refuses 2 'gradcheck without tolerance' '^fovea: gradcheck: .*--tolerance'
fv gradcheck rleu
refuses 2 'gradcheck of an unknown name' '"rleu".*did you mean "relu"'

# --------------------------------------------------------------------- devices

fv devices
exits 0 'devices'
is "$err" '' 'prints to stdout'
like "$out" '^0  (CPU|GPU|accelerator|custom) ' 'device 0'
like "$out" '[0-9]+ compute units?, [0-9.]+ [KMGT]iB memory' 'and what it has'
name=$(head -n 1 "$tmp/.out" | cut -d' ' -f4)
golden=$FOVEA_SOURCE/tests/golden/course-backprop
run=(run "$net" -w "$golden/weights.safetensors" --in "$golden/in.npy")
fv "${run[@]}"
exits 0 'a run on the first device'
first=$out
fv "${run[@]}" --device 0
is "$code $out" "0 $first" '--device NUMBER'
fv "${run[@]}" --device "$name"
is "$code $out" "0 $first" '--device NAME'
FOVEA_DEVICE=$name fv "${run[@]}"
is "$code $out" "0 $first" 'FOVEA_DEVICE'
fv "${run[@]}" --device 99
refuses 2 'a number that no device has' '^fovea: .*99.*fovea devices'
fv "${run[@]}" --device crystal
refuses 2 'a name that no device has' '^fovea: .*"crystal".*fovea devices'
FOVEA_DEVICE=crystal fv "${run[@]}"
refuses 2 'FOVEA_DEVICE that no device has' '^fovea: .*"crystal"'
mkdir none
vendors=${OCL_ICD_VENDORS:-}
export OCL_ICD_VENDORS=$tmp/none/
for verb in devices run; do
  if [ "$verb" = run ]; then fv "${run[@]}"; else fv devices; fi
  refuses 1 "$verb, and there is no device" '^fovea: no OpenCL device.*pocl-opencl-icd'
done
fv check "$net"
exits 0 'check needs no device'
fv inspect layer conv
exits 0 'neither does inspect'
unset OCL_ICD_VENDORS
[ -z "$vendors" ] || export OCL_ICD_VENDORS=$vendors

# --------------------------------------------------------------------- inspect

fv inspect
exits 0 'inspect'
is "$err" '' 'prints to stdout'
for kind in source augment layer loss optimizer schedule metric; do
  like "$out" "^$kind\$" "has plugins of kind $kind"
done
fv inspect --json
exits 0 'inspect --json'
valid_json 'inspect --json: valid'
plugins=$(grep -E '^    "(kind|name)" : ' "$tmp/.out" | sed -E 's/.* : "(.*)",?/\1/' | paste -d' ' - -)
ok 'inspect --json: 25 plugins and more' [ "$(wc -l <<<"$plugins")" -ge 25 ]
while read -r kind name; do
  fv inspect "$kind" "$name"
  if [ "$code" -eq 0 ] && [ -z "$err" ] && grep -q "^$kind $name: ." <<<"$out" && grep -q '^Options' <<<"$out"; then
    pass "inspect $kind $name"
  else
    fail "inspect $kind $name" "exit code $code; stdout: $out"$'\n'"stderr: $err"
  fi
done <<<"$plugins"
fv inspect layer conv
for word in stride pad dilation groups bias init; do
  like "$out" "^  $word +[^ ]" "inspect layer conv: $word"
done
fv inspect layers
exits 0 'the plural of a kind'
fv inspect optim
exits 0 "and its folder's name"
fv inspect softmax
exits 0 'a name without kind'
is "$(grep -E '^(layer|loss) softmax: ' <<<"$out" | cut -d: -f1 | tr '\n' ,)" 'layer softmax,loss softmax,' \
  'gives all plugins of that name'
fv inspect layer conv --json
valid_json 'inspect KIND NAME --json: valid'
like "$out" '"required" : true' 'and says which options are required'
fv inspect layer cnov
refuses 2 'an unknown name' '"cnov".*did you mean "conv"'
fv inspect lyaer conv
refuses 2 'an unknown kind' '"lyaer".*did you mean "layer"'
fv inspect cnov
refuses 2 'an unknown word' '"cnov".*did you mean "conv"'
fv inspect layer sgd
refuses 2 'a name of another kind' '"sgd" is an optimizer, not a layer'

# -------------------------------------------------------------- what is printed

fv gradcheck relu
exits 0 'gradcheck of a layer'
like "$out" '^layer relu: gradients are right, ' 'its verdict'
unlike "$out$err" $'[\r\033]' 'no colours and no progress bar where there is no terminal'
fv gradcheck relu --quiet
is "$(wc -l <<<"$out")" 1 'gradcheck --quiet prints the verdict alone'
fv gradcheck "$net"
exits 0 'gradcheck of a pipeline'
like "$out" '^  dense1\.weight ' 'tells of each parameter'
fv gradcheck relu --tolerance 1e-300
exits 1 'gradcheck fails where the error is above the tolerance'

# On a terminal: script(1) makes one.
if command -v script >/dev/null && script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
  make_idx
  make_pipeline
  TERM=xterm script -qec "'$FOVEA' train net.fv -s epochs=2 --out shown >/dev/null" /dev/null >shown.txt </dev/null
  ok 'a progress bar on a terminal' grep -q $'\r' shown.txt
  like "$(tr -d '\033' <shown.txt)" 'epoch 2/2' 'with the epoch'
  NO_COLOR=1 TERM=xterm script -qec "'$FOVEA' train net.fv -s epochs=2 --out plain >/dev/null" /dev/null >plain.txt </dev/null
  ok 'with NO_COLOR, no colour' eval '! grep -qE $'"'"'\033\\[[0-9;]*m'"'"' plain.txt'
else
  skip 'a terminal' 'no script(1) here'
fi
"$FOVEA" inspect >/dev/full 2>full.txt
ok 'a full disk under stdout is noticed' [ $? -eq 1 ]
"$FOVEA" --help | head -n 1 >first.txt
is "${PIPESTATUS[0]/141/0}" 0 'a reader that stops early is no crash'

done_testing
