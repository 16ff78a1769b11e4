#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Prediction and single runs: what they print and write, and what they make of files that are not what they should be.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# A folder of three classes: bright, dark and dim pictures; and a net that has learnt from it.
make_png bright.png 8 8 1
make_png dim.png 8 8 0.5
make_png dark.png 8 8 0
mkdir -p photos/bright photos/dark photos/dim
for i in 1 2 3 4 5 6 7; do
  for name in bright dark dim; do
    cp "$name.png" "photos/$name/$i.png"
  done
done
make_pipeline
# A run of pipelines/ has the test split of its own source; here it is a share.
sed 's/idx(folder)/folder("photos", channels=1)/; s/  validate = 0.1/  test = 0.2/' net.fv >photos.fv
fv train photos.fv -s epochs=1 --out trained
exits 0 'train on a folder of PNG files'
weights=trained/best.safetensors
grep -aq '\[\\"bright\\",\\"dark\\",\\"dim\\"\]' "$weights"
ok 'the weights know the names of the classes, sorted' [ $? -eq 0 ]

# A grey JPEG of 8x8 pixels, made with libjpeg-turbo once.
base64 -d >shades.jpg <<'END'
/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeX
BkeFxlZ2P/wAALCAAIAAgBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIh
MUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhI
WGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/AMnR
LP7vFf/Z
END

# ----------------------------------------------------------------------- predict

fv predict photos.fv --weights "$weights" bright.png dark.png shades.jpg
exits 0 'predict three files'
is "$err" '' 'nothing on stderr'
guess='(bright|dark|dim) [01]\.[0-9]{4}'
is "$(grep -cE "^[a-z]+\.(png|jpg): $guess, $guess, $guess\$" <<<"$out")" 3 'each gets a line: label and probability, three'
is "$(cut -d: -f1 <<<"$out" | tr '\n' ' ')" 'bright.png dark.png shades.jpg ' 'in the order that was given'
line=$(head -n 1 <<<"$out")
sum=0
previous=10000
sorted=yes
for probability in $(grep -oE '[01]\.[0-9]{4}' <<<"$line"); do
  number=$((10#${probability/./}))
  sum=$((sum + number))
  [ "$number" -le "$previous" ] || sorted=no
  previous=$number
done
ok 'probabilities add up to 1' [ "$sum" -ge 9998 -a "$sum" -le 10002 ]
is "$sorted" yes 'the most likely comes first'
first=$(sed -E 's/,.*//' <<<"$line")

fv predict photos.fv -w "$weights" --top 1 bright.png
is "$out" "$first" '--top 1: the most likely alone'
fv predict photos.fv -w "$weights" -k 99 bright.png
is "$out" "$line" '--top 99: as many as there are'
fv predict photos.fv -w "$weights" -k 0 bright.png
exits 2 '--top 0'

fv predict photos.fv -w "$weights" --json -k 2 bright.png dark.png
exits 0 'predict --json'
is "$(head -c 1 <<<"$out")$(tail -n 1 <<<"$out")" '[]' 'an array'
is "$(grep -cE '"file" *: *"(bright|dark)\.png"' <<<"$out")" 2 'with an object for each file'
is "$(grep -cE '"label" *: *"(bright|dark|dim)"' <<<"$out")" 4 'with so many labels'
is "$(grep -cE '"probability" *: *[0-9.e-]+' <<<"$out")" 4 'and probabilities'
is "$(grep -cE '"class" *: *[012],?$' <<<"$out")" 4 'and numbers of classes'
if command -v json-glib-format >/dev/null; then
  ok 'valid JSON' json-glib-format "$tmp/.out" >/dev/null
else
  skip 'valid JSON' 'no json-glib-format here'
fi
cp bright.png 'odd "name" \ ü.png'
fv predict photos.fv -w "$weights" --json 'odd "name" \ ü.png'
has "$out" '"odd \"name\" \\ ' 'names of files are quoted'

sed 's/softmax(logits, label)/mse(logits, target)/' photos.fv >numbers.fv
fv predict numbers.fv -w "$weights" bright.png
exits 0 'predict with a net that gives numbers'
like "$out" '^bright\.png:( -?[0-9][0-9.e+-]*){3}$' 'prints them all'
fv predict photos.fv bright.png
refuses 2 'predict without --weights' '^fovea: predict: .*--weights'
fv predict photos.fv -w "$weights"
refuses 2 'predict without a file' '^fovea: predict: '

# ------------------------------------------------------------------- bad pictures

size=$(wc -c <bright.png)
for length in 1 7 8 20 33 45 $((size / 2)) $((size - 12)) $((size - 1)); do
  head -c "$length" bright.png >cut.png
  fv predict photos.fv -w "$weights" cut.png
  refuses 1 "a PNG cut after $length bytes of $size" '^fovea: cut\.png: '
done
size=$(wc -c <shades.jpg)
for length in 2 3 20 100 200 $((size - 20)) $((size - 3)); do
  head -c "$length" shades.jpg >cut.jpg
  fv predict photos.fv -w "$weights" cut.jpg
  refuses 1 "a JPEG cut after $length bytes of $size" '^fovea: cut\.jpg: '
done
{ head -c 40 bright.png; printf 'XXXX'; tail -c +45 bright.png; } >spoilt.png
fv predict photos.fv -w "$weights" spoilt.png
refuses 1 'a PNG with other bytes in it' '^fovea: spoilt\.png: '
echo 'this is no picture' >text.png
fv predict photos.fv -w "$weights" text.png
refuses 1 'text' '^fovea: text\.png: '
: >empty.png
fv predict photos.fv -w "$weights" empty.png
refuses 1 'an empty file' '^fovea: empty\.png: .*empty'
fv predict photos.fv -w "$weights" missing.png
refuses 1 'a missing file' '^fovea: missing\.png: No such file'
fv predict photos.fv -w "$weights" photos
refuses 1 'a folder' '^fovea: photos: '
mkfifo pipe.png
LIMIT=5 fv predict photos.fv -w "$weights" pipe.png
refuses 1 'a named pipe' '^fovea: pipe\.png: '
fv predict photos.fv -w "$weights" bright.png text.png dark.png
exits 1 'one bad file among good ones'
like "$err" '^fovea: text\.png: ' 'is named'
fv predict photos.fv -w "$weights" --json bright.png text.png
refuses 1 'no half of an array with --json' '^fovea: text\.png: '
make_png large.png 9 7
fv predict photos.fv -w "$weights" large.png
refuses 1 'a picture of another size' '^fovea: large\.png: ' '(9x7|7x9)' '8x8'

# ------------------------------------------------------------------- bad weights

size=$(wc -c <"$weights")
header=$(($(od -An -tu8 -N8 "$weights")))
for length in 0 1 7 8 9 $((header / 2)) $((8 + header - 1)) $((8 + header)) $((8 + header + 5)) $((size - 1)); do
  head -c "$length" "$weights" >cut.safetensors
  fv predict photos.fv -w cut.safetensors bright.png
  refuses 1 "weights cut after $length bytes of $size" '^fovea: cut\.safetensors: '
done
fv predict photos.fv -w bright.png bright.png
refuses 1 'a PNG as weights' '^fovea: bright\.png: '
fv predict photos.fv -w photos.fv bright.png
refuses 1 'a pipeline as weights' '^fovea: photos\.fv: '
fv predict photos.fv -w missing.safetensors bright.png
refuses 1 'missing weights' '^fovea: missing\.safetensors: .*No such file'
fv predict photos.fv -w photos bright.png
refuses 1 'a folder as weights' '^fovea: photos: '
LIMIT=5 fv predict photos.fv -w pipe.png bright.png
refuses 1 'a named pipe as weights' '^fovea: pipe\.png: '
head -c 100000 /dev/zero >zeros.safetensors
fv predict photos.fv -w zeros.safetensors bright.png
refuses 1 'zeros as weights' '^fovea: zeros\.safetensors: '

sed 's/dense1\.weight/dense1.wieght/' "$weights" >renamed.safetensors
fv predict photos.fv -w renamed.safetensors bright.png
refuses 1 'a tensor that is missing, and one too many' \
  '^fovea: renamed\.safetensors: lacks dense1\.weight; has what the net has not: dense1\.wieght \(--partial '
sed 's/dense(16)/dense(15)/' photos.fv >narrow.fv
fv predict narrow.fv -w "$weights" bright.png
refuses 1 'a tensor of another shape' \
  '^fovea: trained/best\.safetensors: dense1\.weight is 16x64, the net.s is 15x64, dense1\.bias is 16, the net.s is 15'
fv eval photos.fv -w renamed.safetensors
refuses 1 'eval says the same' '^fovea: renamed\.safetensors: lacks dense1\.weight; '
fv run photos.fv -w renamed.safetensors --in bright.png
refuses 1 'run says the same' '^fovea: renamed\.safetensors: lacks dense1\.weight; '
printf '{"__metadata__":{},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}' >.header
{ printf '\x48\x00\x00\x00\x00\x00\x00\x00'; cat .header; printf '12345678'; } >foreign.safetensors
fv predict photos.fv -w foreign.safetensors bright.png
refuses 1 'weights of another net' \
  '^fovea: foreign\.safetensors: lacks conv1\.weight, .*dense2\.bias; has what the net has not: x$'

# --------------------------------------------------------------------------- run

two="$(f32 0)$(f32 0.5)$(f32 1)$(f32 2)"
make_npy in.npy '<f4' '(1, 1, 2, 2)' "$two"
fv run same.fv -s h=2 -s w=2 --in in.npy
exits 0 'run'
is "$out" '0 0.5 1 2' 'prints what comes out'
fv run same.fv -s h=2 -s w=2 --in in.npy --out out.npy
exits 0 'run --out'
is "$out$err" '' 'prints nothing'
ok 'writes an .npy file' cmp -s in.npy out.npy
make_npy three.npy '<f4' '(3, 1, 2, 2)' "$two$(f32 -1)$(f32 -1)$(f32 -1)$(f32 1)$two"
fv run same.fv -s h=2 -s w=2 --in three.npy
is "$out" $'0 0.5 1 2\n0 0 0 1\n0 0.5 1 2' 'several samples, a line each'
fv run same.fv -s h=2 -s w=2 --in three.npy --out many.png
exits 0 'run --out NAME.png with several samples'
is "$(echo many*)" 'many-0.png many-1.png many-2.png' 'writes NAME-0.png and so on'
fv run same.fv -s h=2 -s w=2 --in many-1.png
is "$out" '0 0 0 1' 'which run reads as it reads .npy'
fv run same.fv --in shades.jpg
exits 0 'a JPEG too'
is "$(wc -w <<<"$out")" 64 'of 64 pixels'
make_npy double.npy '<f8' '(1, 1, 1, 2)' '\x00\x00\x00\x00\x00\x00\xe0\x3f\x00\x00\x00\x00\x00\x00\xf0\x3f'
fv run same.fv -s h=1 -s w=2 --in double.npy
is "$out" '0.5 1' 'doubles are taken'

# Runs what is to fail, and looks at what it leaves behind.
run_fails() { # CODE NAME PATTERN ARGUMENT...
  local expected=$1 name=$2 pattern=$3
  shift 3
  rm -f out.npy out.png grads.safetensors
  fv run "$@"
  refuses "$expected" "$name" "$pattern"
  local left
  left=$(ls out.npy out.png grads.safetensors 2>/dev/null)$(leftovers .)
  [ -z "$left" ] || fail "$name: nothing is left behind" "$left"
}

small=(same.fv -s h=2 -s w=2)
size=$(wc -c <in.npy)
for length in 0 1 6 9 10 40 127 128 129 $((size - 1)); do
  head -c "$length" in.npy >cut.npy
  run_fails 1 "an .npy file cut after $length bytes of $size" '^fovea: cut\.npy: ' "${small[@]}" --in cut.npy --out out.npy
done
make_npy fortran.npy '<f4' '(1, 1, 2, 2)' "$two" True
run_fails 1 'an .npy file in Fortran order' '^fovea: fortran\.npy: .*Fortran' "${small[@]}" --in fortran.npy --out out.npy
make_npy other.npy '<f4' '(1, 2, 2, 1)' "$two"
run_fails 1 'an .npy file of another shape' '^fovea: other\.npy: .*1x2x2x1.*x1x2x2' "${small[@]}" --in other.npy --out out.npy
make_npy none.npy '<f4' '(0, 1, 2, 2)' ''
run_fails 1 'an .npy file without samples' '^fovea: none\.npy: ' "${small[@]}" --in none.npy --out out.npy
make_npy scalar.npy '<f4' '()' "$(f32 1)"
run_fails 1 'an .npy file of one number' '^fovea: scalar\.npy: ' "${small[@]}" --in scalar.npy --out out.npy
make_npy huge.npy '<f4' '(4611686018427387904, 4, 2, 2)' "$two"
run_fails 1 'an .npy file that claims to be huge' '^fovea: huge\.npy: ' "${small[@]}" --in huge.npy --out out.npy
make_npy big.npy '>f4' '(1, 1, 2, 2)' "$two"
run_fails 1 'an .npy file of the other byte order' '^fovea: big\.npy: .*>f4' "${small[@]}" --in big.npy --out out.npy
cp text.png text.npy
run_fails 1 'text for .npy' '^fovea: text\.npy: ' "${small[@]}" --in text.npy --out out.npy
run_fails 1 'a missing .npy file' '^fovea: missing\.npy: .*No such file' "${small[@]}" --in missing.npy --out out.npy
run_fails 1 'a cut PNG' '^fovea: cut\.png: ' same.fv --in cut.png --out out.npy
run_fails 1 'a picture of another size' '^fovea: large\.png: ' same.fv --in large.png --out out.npy
run_fails 1 '--out in a folder that is not there' '^fovea: nowhere/out\.npy: ' "${small[@]}" --in in.npy --out nowhere/out.npy
run_fails 2 '--out with another ending' '^fovea: run: .*out\.gif' "${small[@]}" --in in.npy --out out.gif
run_fails 2 'no --in' '^fovea: run: .*--in' "${small[@]}" --out out.npy
printf 'net { input(1, 2, 2) -> dense(5) as numbers }\n' >flat.fv
make_npy in.npy '<f4' '(1, 1, 2, 2)' "$two"
fv run flat.fv --in in.npy --out out.png
exits 2 'a vector as PNG'
like "$err" '^fovea: out\.png: ' 'cannot be, says the message'
is "$(ls out.png 2>/dev/null)$(leftovers .)" '' 'and nothing is left behind'
echo kept >out.npy
fv run "${small[@]}" --in missing.npy --out out.npy
is "$(cat out.npy)" kept 'a file that was there stays when the work fails'

# ------------------------------------------------------------------ run --target

cat >classes.fv <<'END'
net { input(3) -> dense(3, bias=false) as scores }
loss = hinge(scores, label)
END
make_npy x.npy '<f4' '(2, 3)' "$(f32 1)$(f32 2)$(f32 -1)$(f32 0)$(f32 0.5)$(f32 1)"
class_2='\x02\x00\x00\x00\x00\x00\x00\x00'
class_0='\x00\x00\x00\x00\x00\x00\x00\x00'
make_npy t.npy '<i8' '(2,)' "$class_2$class_0"
rm -f grads.safetensors
fv run classes.fv --in x.npy --target t.npy --grads grads.safetensors
exits 0 'run --target --grads'
like "$out" '^loss [0-9.]+$' 'prints the loss alone'
has "$(head -c 200 grads.safetensors | tr '\0' @)" '"dense1.weight":{"dtype":"F32","shape":[3,3]' 'writes the gradient under its name'
target=(classes.fv --in x.npy --grads grads.safetensors --target)
make_npy wrong.npy '<i8' '(3,)' "$class_0$class_0$class_0"
run_fails 1 'a class too many' '^fovea: wrong\.npy: ' "${target[@]}" wrong.npy
make_npy wrong.npy '<i8' '(2, 1)' "$class_0$class_0"
run_fails 1 'classes of another shape' '^fovea: wrong\.npy: ' "${target[@]}" wrong.npy
make_npy wrong.npy '<f4' '(2,)' "$(f32 0)$(f32 1)"
run_fails 1 'classes that are no whole numbers' '^fovea: wrong\.npy: ' "${target[@]}" wrong.npy
make_npy wrong.npy '<i8' '(2,)' "$class_0\\x03\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
run_fails 1 'a class that the net has not' '^fovea: wrong\.npy: .*3' "${target[@]}" wrong.npy
make_npy wrong.npy '<i8' '(2,)' "$class_0\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff"
run_fails 1 'a class of -1' '^fovea: wrong\.npy: .*-1' "${target[@]}" wrong.npy
make_npy wrong.npy '<i8' '(2,)' "$class_0\\x00\\x00\\x00\\x00\\x01\\x00\\x00\\x00"
run_fails 1 'a class beyond 32 bits' '^fovea: wrong\.npy: ' "${target[@]}" wrong.npy
run_fails 1 'no target' '^fovea: missing\.npy: ' "${target[@]}" missing.npy
head -c 130 t.npy >cut.npy
run_fails 1 'a cut target' '^fovea: cut\.npy: ' "${target[@]}" cut.npy
run_fails 1 '--grads in a folder that is not there' '^fovea: nowhere/g\.safetensors: ' \
  classes.fv --in x.npy --target t.npy --grads nowhere/g.safetensors
run_fails 2 '--grads without --target' '^fovea: run: .*--target' classes.fv --in x.npy --grads grads.safetensors
run_fails 2 '--target and --out' '^fovea: run: ' classes.fv --in x.npy --target t.npy --out out.npy
cat >values.fv <<'END'
net { input(3) -> dense(3, bias=false) as numbers }
loss = mse(numbers, target)
END
fv run values.fv --in x.npy --target x.npy
exits 0 'a target of numbers'
make_npy wrong.npy '<f4' '(2, 2)' "$(f32 1)$(f32 1)$(f32 1)$(f32 1)"
run_fails 1 'numbers of another shape' '^fovea: wrong\.npy: .*2x2.*x3' values.fv --in x.npy --target wrong.npy --grads grads.safetensors
make_npy wrong.npy '<f4' '(1, 3)' "$(f32 1)$(f32 1)$(f32 1)"
run_fails 1 'numbers for fewer samples' '^fovea: wrong\.npy: ' values.fv --in x.npy --target wrong.npy --grads grads.safetensors
fv run same.fv -s h=2 -s w=2 --in in.npy --target in.npy
refuses_pipeline 'a target, and no loss' '^same\.fv:[0-9]+:[0-9]+: error: .*loss'

# ------------------------------------------------------------- the course's examples

golden=$FOVEA_SOURCE/tests/golden/course-backprop
fv run "$FOVEA_SOURCE/pipelines/worked-example.fv" -w "$golden/weights.safetensors" --in "$golden/in.npy"
exits 0 'the worked example of backpropagation'
like "$out" '^0\.7513651[0-9]* 0\.7729285[0-9]*$|^0\.7513650[5-9][0-9]* 0\.7729284[5-9][0-9]*$' \
  'outputs 0.7513651 and 0.7729285'
fv run "$FOVEA_SOURCE/pipelines/worked-example.fv" -w "$golden/weights.safetensors" --in "$golden/in.npy" \
  --target "$golden/target.npy" --grads grads.safetensors
like "$out" '^loss 0\.2983711[0-9]*$' 'loss 0.2983711'
# 0.15 - 0.5 * gradient is 0.149780716, and so on: the gradient of dense1.weight, twice the difference.
offset=$((8 + $(od -An -tu8 -N8 grads.safetensors)))
expected=(0.00043857 0.00087714 0.00049771 0.00099543)
i=0
for gradient in $(tail -c +$((offset + 1)) grads.safetensors | od -An -tf4 -N16); do
  printf -v rounded '%.8f' "$gradient"
  is "$rounded" "${expected[i]}" "gradient $i of the hidden units: ${expected[i]}"
  i=$((i + 1))
done
i=0
expected=('2\.(9|89999)' '0' '12\.(9|89999)' '2\.04')
for example in course-hinge-1 course-hinge-2 course-hinge-3 course-softmax; do
  golden=$FOVEA_SOURCE/tests/golden/$example
  fv run "$golden/case.fv" -w "$golden/weights.safetensors" --in "$golden/in.npy" --target "$golden/target.npy"
  like "$out" "^loss ${expected[i]}[0-9]*\$" "$example: $out"
  i=$((i + 1))
done

is "$(leftovers .)" '' 'no temporary files are left'
done_testing
