#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The batch tool: what comes in and goes out, that results depend on nothing but the settings, and that nothing is lost,
# half written, overwritten or written elsewhere, whatever happens.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

chain='crop(0.7..1) -> rotate(-15..15) -> resize(24) -> noise(0.05)'

# A folder of ten images of every format, each another one, made of noise.
make_png grey.png 40 56 0.5
fv augment 'noise(0.25)' grey.png noise --copies 10
exits 0 'a file alone, ten times'
is "$(ls noise | tr '\n' ' ')" "grey-0.png grey-1.png grey-2.png grey-3.png grey-4.png grey-5.png grey-6.png grey-7.png \
grey-8.png grey-9.png manifest.jsonl " 'copies are numbered'
is "$(sha256sum noise/*.png | cut -d' ' -f1 | sort -u | wc -l)" 10 'no two are the same'
mkdir -p photos/cats/tabby photos/dogs photos/.hidden
cp noise/grey-0.png photos/a.png
cp noise/grey-1.png photos/cats/b.png
cp noise/grey-2.png photos/cats/tabby/c.png
cp noise/grey-3.png photos/cats/no-ending
cp noise/grey-4.png photos/.hidden/d.png
cp noise/grey-5.png photos/.e.png
echo text >photos/notes.txt
fv augment 'resize(50)' noise/grey-6.png jpeg --format jpeg --quality 95
exits 0 'to JPEG'
cp jpeg/grey-6.jpg photos/dogs/d.jpg
is "$(head -c 3 jpeg/grey-6.jpg | od -An -tx1 | tr -d ' ')" ffd8ff 'which it is'
cp jpeg/grey-6.jpg 'photos/dogs/odd "name"'$'\n''\ ü.jpeg'
cp noise/grey-7.png $'photos/dogs/\xff\xfe.png'
fv augment 'resize(50)' noise/grey-8.png webp --format webp
if [ "$code" -eq 0 ]; then
  is "$(head -c 4 webp/grey-8.webp)" RIFF 'to WebP'
  cp webp/grey-8.webp photos/dogs/w.webp
else
  skip 'to WebP' 'not in this build'
  cp noise/grey-8.png photos/dogs/w.png
fi
ln -s ../../noise/grey-9.png photos/dogs/link.png

# ----------------------------------------------------------------------- folders

fv augment "$chain" photos out
exits 0 'a folder'
is "$err" '' 'nothing on stderr'
like "$out" '^9 images, 9 outputs, 1 other files, [0-9.]+ KiB in [0-9.]+ s, [0-9.e+]+ images/s$' 'a summary'
is "$(cd out && find . -name '*.png' -print0 | sort -z | tr '\0' '|')" "./a.png|./cats/b.png|./cats/no-ending.png|./cats/tabby/c.png|\
./dogs/d.png|./dogs/link.png|./dogs/odd \"name\""$'\n'"\\ ü.png|./dogs/w.png|./dogs/"$'\xff\xfe'".png|" \
  'the tree is kept, hidden files are left out'
is "$(cd out && find . -type f ! -name '*.png' | sort | tr '\n' ' ')" './.fovea-augment.json ./manifest.jsonl ' \
  'beside them the manifest, and what --resume needs'
is "$(wc -l <out/manifest.jsonl)" 9 'the manifest has a line for each'
line=$(grep '"output":"cats/b.png"' out/manifest.jsonl)
for member in '"source":"cats/b.png"' '"seed":1' '"copy":0' '"sample":1' '"height":24' '"width":24' '"source_height":40' \
  '"source_width":56' '"name":"rotate"' '"angle":'; do
  has "$line" "$member" "with $member"
done
has "$(cat out/manifest.jsonl)" '"source":"dogs/\\xff\\xfe.png"' 'names that are no UTF-8 can be told'
if command -v json-glib-format >/dev/null; then
  printf '%s\n' "$line" >line.json
  ok 'lines are JSON' json-glib-format line.json >/dev/null
else
  skip 'lines are JSON' 'no json-glib-format here'
fi
fv augment "$chain" photos out
refuses 1 'the same again' '^fovea: out/\.fovea-augment\.json: is there already; --resume .*--force'
fv augment "$chain" photos out --resume
exits 0 'with --resume'
like "$out" '^9 images, 9 outputs \(9 were there\)' 'there is nothing to do'
cp -r out before
fv augment "$chain" photos out --force --seed 2
exits 0 'with --force and another seed'
ok 'outputs are others' [ "$(sha256sum <out/a.png)" != "$(sha256sum <before/a.png)" ]
fv augment "$chain" photos out --force
ok 'with the same seed they are the same' diff -r out before

for settings in '--jobs 1 --batch 1' '--jobs 8 --batch 64' '--jobs 3 --batch 2'; do
  rm -rf other
  # shellcheck disable=SC2086
  fv augment "$chain" photos other $settings
  ok "with $settings too" diff -r before other
done
fv augment "$chain" photos copies --copies 5
exits 0 'five copies'
for settings in '--jobs 1 --batch 1' '--jobs 8 --batch 64' '--jobs 3 --batch 3'; do
  rm -rf other
  # shellcheck disable=SC2086
  fv augment "$chain" photos other --copies 5 $settings
  ok "five copies with $settings are the same" diff -r copies other
done
fv augment "$chain" photos bicubic --filter bicubic
ok '--filter bicubic makes others' [ "$(sha256sum <bicubic/a.png)" != "$(sha256sum <before/a.png)" ]

cat >chain.fv <<'END'
let angle = 15
augment { crop(0.7..1) -> rotate(-angle..angle) -> resize(24) -> noise(0.05) }
END
fv augment chain.fv photos pipeline
exits 0 'a chain in a pipeline'
rm pipeline/.fovea-augment.json
ok 'is the same as one on the command line' diff -r -x .fovea-augment.json before pipeline
fv augment chain.fv photos pipeline2 -s angle=0
exits 0 '-s'
ok 'changes it' [ "$(sha256sum <pipeline2/a.png)" != "$(sha256sum <before/a.png)" ]

fv augment "$chain" photos sheets --sheet sheet.png --copies 2
exits 0 '--sheet'
is "$(head -c 8 sheet.png | od -An -tx1 | tr -d ' ')" 89504e470d0a1a0a 'is a PNG'
fv augment "$chain" photos sheets --sheet sheet2.png --copies 2 --resume
ok 'and the same after a resume' cmp sheet.png sheet2.png

# ----------------------------------------------------------------- lists and tars

(cd photos && find . -type f -name '*.jpg' -o -name '[abc].png' | LC_ALL=C sort) >photos/list
fv augment "$chain" photos/list list
exits 0 'a list of files'
is "$(find list -name '*.png' | sort | tr '\n' ' ')" \
  'list/a.png list/cats/b.png list/cats/tabby/c.png list/dogs/d.png ' 'relative to the folder of the list'
ok 'whose samples are numbered as they come' cmp list/a.png before/a.png
(cd photos && find . -name '*.png' -print0) >photos/list0
fv augment "$chain" photos/list0 list0
exits 0 'a list with NUL'
printf '%s\r\n\r\n%s' "$tmp/photos/a.png" ../photos/cats/b.png >photos/elsewhere
fv augment "$chain" photos/elsewhere elsewhere
exits 0 'a list of paths that are absolute, or lead up'
is "$(cd elsewhere && find . -name '*.png' | sort | tr '\n' ' ')" "./photos/cats/b.png .$tmp/photos/a.png " \
  'all of them lie below OUT'
echo missing.png >photos/wrong
fv augment "$chain" photos/wrong wrong
exits 1 'a list of what is not there'
like "$err" '^fovea: photos/missing\.png: No such file' 'which is named'
: >photos/empty
fv augment "$chain" photos/empty empty
refuses 1 'an empty list' '^fovea: photos/empty: there is no image'

(cd photos && tar cf ../photos.tar .)
(cd photos && tar czf ../photos.tgz .)
for file in photos.tar photos.tgz; do
  rm -rf other
  fv augment "$chain" "$file" other --jobs 4 --batch 2
  exits 0 "$file"
  like "$out" '^8 images, 8 outputs, 7 other files' 'has the images of the folder, but for links'
  ok 'and they become the same' cmp other/cats/tabby/c.png before/cats/tabby/c.png
done
head -c 30000 photos.tar >cut.tar
fv augment "$chain" cut.tar cut
exits 1 'a tar that is cut short'
like "$err" '^fovea: cut\.tar: ' 'is named'
head -c 2000 photos.tgz >cut.tgz
fv augment "$chain" cut.tgz cut2
exits 1 'a compressed one'

fv augment "$chain" photos shards/set.tar --copies 5 --shard-size 10
exits 0 'tar shards'
is "$(ls shards | tr '\n' ' ')" 'set-00000.tar set-00001.tar set-00002.tar set-00003.tar set-00004.tar set-manifest.jsonl ' \
  'of ten outputs each'
is "$(tar tf shards/set-00004.tar | wc -l)" 5 'the last one has the rest'
ok 'the manifest is that of the folder' cmp shards/set-manifest.jsonl copies/manifest.jsonl
mkdir unpacked
for shard in shards/*.tar; do tar xf "$shard" -C unpacked; done
ok 'so are the files' diff -r -x .fovea-augment.json -x manifest.jsonl copies unpacked
fv augment "$chain" photos shards2/set.tar --copies 5 --shard-size 10 --jobs 1 --batch 3
ok 'shards are the same with other jobs and batches' diff -r shards shards2
fv augment "$chain" photos shards/set.tar --copies 5 --shard-size 10
refuses 1 'shards are not overwritten' '^fovea: shards/\.set-fovea-augment\.json: is there already'
rm shards2/set-00002.tar
fv augment "$chain" photos shards2/set.tar --copies 5 --shard-size 10 --resume
like "$out" '\(35 were there\)' 'shards that are missing are made again'
ok 'and the same' diff -r shards shards2
fv augment "$chain" photos shards2/set.tar --copies 5 --shard-size 11 --resume
refuses 2 'not with another size' 'shards2: .*shard-size was 10 .* is 11 now'

# ------------------------------------------------------------------------ labels

mkdir boxes && cp noise/grey-[0-4].png boxes/
for name in 0 1 2 3; do printf '0 0.5 0.5 0.25 0.25\n1 0.75 0.25 0.2 0.1\n' >"boxes/grey-$name.txt"; done
printf 'cat\ndog\n' >boxes/classes.txt
fv augment 'flip(p=1)' boxes boxes.out
exits 0 'images with boxes'
like "$(cat boxes.out/grey-0.txt)" '^0 0\.50* 0\.50* 0\.250* 0\.250*$' 'a box in the middle stays'
like "$(cat boxes.out/grey-0.txt)" '^1 0\.250* 0\.250* 0\.20* 0\.10*$' 'another one is mirrored'
ok 'classes are kept' cmp boxes.out/classes.txt boxes/classes.txt
(cd boxes && tar czf ../boxes.tgz .)
fv augment 'flip(p=1)' boxes.tgz boxes.tar.out
ok 'labels in a tar are the same' diff -r boxes.out boxes.tar.out
rm boxes.out/grey-1.* boxes.out/manifest.jsonl boxes.out/classes.txt
fv augment 'flip(p=1)' boxes boxes.out --resume
ok 'and after a resume' diff -r boxes.out boxes.tar.out
mkdir edges && cp noise/grey-0.png edges/
printf '0 0.5 0.12 0.5 0.24\n0 0.12 0.5 0.24 0.5\n1 0.5 0.5 0.1 0.1\n' >edges/grey-0.txt
fv augment 'crop(0.5, at=centre) -> rotate(90)' edges edges.out --least-visible 0
like "$(cat edges.out/grey-0.txt)" '^1 0\.50* 0\.50* ' 'a box in the middle is turned'
is "$(wc -l <edges.out/grey-0.txt)" 1 'those that were cropped away do not come back'
fv augment 'flip(p=1)' boxes boxes.none --labels none
is "$(ls boxes.none | grep -c txt)" 0 '--labels none'
fv augment 'flip(p=1)' boxes boxes.wrong --labels voc
refuses 1 'a format that is not there' '^fovea: boxes: no voc labels there'
fv augment 'flip(p=1)' boxes boxes.wrong --labels missing.json
refuses 1 'labels that are not there' '^fovea: missing\.json: '

# ------------------------------------------------------------------------ replay

grep -e 'b-3\.png' -e 'c-0\.png' -e 'd-4\.png' copies/manifest.jsonl >some.jsonl
fv augment "$chain" photos replayed --replay some.jsonl
exits 0 'replay of three lines'
is "$(find replayed -name '*.png' | wc -l)" 3 'makes three outputs'
ok 'the first is the same' cmp replayed/cats/b-3.png copies/cats/b-3.png
ok 'the second' cmp replayed/cats/tabby/c-0.png copies/cats/tabby/c-0.png
ok 'the third' cmp replayed/dogs/d-4.png copies/dogs/d-4.png
ok 'and their lines' cmp replayed/manifest.jsonl some.jsonl
fv augment "$chain" photos all --replay copies/manifest.jsonl
ok 'replay of all' diff -r -x .fovea-augment.json all copies
mkdir one && cp -r photos/cats one/
grep 'c-0\.png' copies/manifest.jsonl >one.jsonl
fv augment "$chain" one one.out --replay one.jsonl
ok 'images of which there are fewer, with other numbers' cmp one.out/cats/tabby/c-0.png copies/cats/tabby/c-0.png
for wrong in 's/"sample"/"smaple"/' 's/"output":"/"output":"..\//' 's/"output":"/"output":"\//' 's/\.png"/.sh"/' \
  's/"copy":0/"copy":-1/' 's/"source":"cats/"source":"rats/' 's/"eighths":[0-9]/"eighths":9/' 's/.$//' \
  's/"rotate"/"roate"/' 's/"angle"/"ankle"/' 's/"operations":\[/"operations":[[[/'; do
  sed "$wrong" one.jsonl >wrong.jsonl
  fv augment "$chain" photos wrong.out --replay wrong.jsonl
  ok "a manifest with $wrong" [ "$code" -eq 1 -a ! -e wrong.out/cats/tabby/c-0.png ]
  rm -rf wrong.out
done
cat one.jsonl one.jsonl >twice.jsonl
fv augment "$chain" photos wrong.out --replay twice.jsonl
refuses 1 'a line twice' '^fovea: twice\.jsonl:2: '
head -c 200000 /dev/zero | tr '\0' '[' >deep.jsonl
fv augment "$chain" photos wrong.out --replay deep.jsonl
refuses 1 'a manifest of brackets' '^fovea: deep\.jsonl:1: '
fv augment "$chain" photos wrong.out --replay some.jsonl --copies 2
refuses 2 'replay takes no copies' '--replay'

# ------------------------------------------------------------------------- resume

for name in $(seq 40); do cp "noise/grey-$((name % 10)).png" "one/$name.png"; done
many=(augment 'rotate(-15..15) -> resize(200) -> noise(0.05)' one)
fv "${many[@]}" whole --copies 10
exits 0 'a longer run'

begin() { # OUT [NAME SIZE]: a run in the background, until some outputs are there, or a file of this size
  "$FOVEA" "${many[@]}" "$1" --copies 10 --jobs 2 --batch 4 >"$tmp/.bg" 2>&1 </dev/null &
  pid=$!
  local i
  for ((i = 0; i < 1000; i++)); do
    [ -z "$(find "${1%/*.tar}" -name "${2:-11-0.png}" -size "${3:-+1k}" 2>/dev/null)" ] || break
    sleep 0.01
  done
}

all_whole() { # OUT: every file there is the one of the longer run
  local file bad=
  while IFS= read -r file; do
    cmp -s "$file" "whole/${file#"$1"/}" || bad+=" $file"
  done < <(find "$1" -name '*.png')
  [ -z "$bad" ] || note "differ: $bad"
  [ -z "$bad" ]
}

for round in 1 2 3; do
  rm -rf killed
  begin killed
  kill -9 "$pid"
  wait "$pid" 2>/dev/null
  pid=
  ok "kill -9, round $round: what is there is whole" all_whole killed
  note "$(find killed -name '*.png' | wc -l) of 430 outputs were there"
  ok 'and there is no manifest' [ ! -e killed/manifest.jsonl ]
  [ "$round" -eq 3 ] || : >"$(find killed -name '*.png' | head -n 1)" # as a power failure may leave one
  fv "${many[@]}" killed --copies 10 --resume
  exits 0 'resume'
  like "$out" '^43 images, 430 outputs \([0-9]+ were there\)' 'makes the rest'
  ok 'then all is as without a kill' diff -r whole killed
done

begin stopped
kill -INT "$pid"
wait "$pid" 2>/dev/null
is $? 1 'Ctrl-C ends with exit code 1'
pid=
like "$(cat .bg)" '^[0-9]+ of 430 outputs are there; to go on: fovea augment .* --resume$' 'and says how to go on'
ok 'what is there is whole' all_whole stopped
is "$(find stopped -name '.fovea-tmp-*' -o -name '*.lock')" '' 'nothing else is'
like "$(sed -n 's/.*go on: //p' .bg)" "^fovea augment 'rotate\(-15\.\.15\) -> resize" 'as a shell can read it'
resume=$(sed -n 's/.*go on: fovea //p' .bg)
eval "\"\$FOVEA\" $resume" >.bg 2>&1 </dev/null
is $? 0 'that command goes on'
ok 'to the same end' diff -r whole stopped

for changed in '--seed 2' '--copies 9' '--format jpeg' '--quality 80' '--filter bicubic'; do
  # shellcheck disable=SC2086
  fv "${many[@]}" stopped --copies 10 $changed --resume
  refuses 2 "resume with $changed" '^fovea: stopped: .* was .* is .* now'
done
fv augment 'rotate(-15..16)' one stopped --copies 10 --resume
refuses 2 'resume with another chain' '^fovea: stopped: .*chain was .*-15\.\.15.* is .*-15\.\.16'
cp noise/grey-0.png one/41.png
fv "${many[@]}" stopped --copies 10 --resume
refuses 2 'resume with another image' '^fovea: stopped: .*images was 43 .* is 44 now'
rm one/41.png
fv "${many[@]}" nothing --copies 10 --resume
refuses 1 'resume of nothing' '^fovea: nothing: nothing to go on with'

begin tarred/set.tar '.set-tmp-*' +200k
kill -9 "$pid"
wait "$pid" 2>/dev/null
pid=
ok 'kill -9 leaves no half of a shard' [ ! -e tarred/set-00000.tar ]
fv "${many[@]}" tarred/set.tar --copies 10 --resume
exits 0 'which is made when the run is resumed'
is "$(tar tf tarred/set-00000.tar | wc -l)" 430 'with all outputs'
is "$(ls -A tarred | tr '\n' ' ')" '.set-fovea-augment.json set-00000.tar set-manifest.jsonl ' 'nothing else is left'

begin busy
kill -STOP "$pid"
fv "${many[@]}" busy --copies 10 --resume
refuses 1 'two on one output' '^fovea: busy: another process is at work'
fv "${many[@]}" busy --copies 10 --force
refuses 1 'with --force neither' '^fovea: busy: another process is at work'
kill -CONT "$pid"
wait "$pid"
is $? 0 'the first one goes on'
pid=
ok 'undisturbed' diff -r whole busy

# A file may not have more than 1 MiB: the output of the larger image has.
fv augment 'resize(1600)' noise/grey-0.png bigger
mkdir sizes && cp noise/grey-0.png sizes/small.png && cp bigger/grey-0.png sizes/z.png
large=(augment 'noise(0.3)' sizes)
fv "${large[@]}" sizes.whole
(
  ulimit -f 1024
  fv "${large[@]}" full
  exits 1 'a disk that is full'
  like "$err" '^fovea: full/z\.png: cannot be written: File too large' 'the file is named'
  like "$err" '^1 of 2 outputs are there; to go on: ' 'and what there is'
  printf '%s %s\n' "$tests" "$failures" >.count
)
read -r tests failures <.count
is "$(find full -name '*.png' -o -name '.fovea-tmp-*')" full/small.png 'no half of a file is left'
fv "${large[@]}" full --resume
ok 'resumed, it is as it should be' diff -r sizes.whole full

# -------------------------------------------------------------------- hostile names

mkdir victim
echo precious >victim/file.png
echo precious >victim/a.png
untouched() { # NAME
  is "$(cd victim && ls -A | tr '\n' ' ')$(cat victim/file.png victim/a.png)" "a.png file.png precious"$'\n'precious "$1"
}
mkdir evil && cp noise/grey-0.png evil/file.png
tar -P -cf evil.tar --transform 's,^evil,../victim,' evil/file.png
tar -P -rf evil.tar --transform "s,^evil,$tmp/victim/deep," evil/file.png
tar -P -rf evil.tar --transform 's,^evil,x/../../../victim/further,' evil/file.png
fv augment 'resize(8)' evil.tar evil.out
exits 0 'a tar with names that lead out'
untouched 'writes nothing there'
is "$(find evil.out -name '*.png' | wc -l)" 3 'but below OUT'
ln -s ../victim evil/link
mkdir links links/sub && ln -s "$tmp/victim" links/cats
fv augment "$chain" photos links
exits 1 'a link to a folder in OUT'
like "$err" '^fovea: links/cats/b\.png: is there already' 'is in the way'
fv augment "$chain" photos links --force
exits 1 'with --force too'
like "$err" '^fovea: links/cats/.*: cannot be written: a part of the name is a link' 'it is not followed'
untouched 'nothing is written there'
mkdir links2 && ln -s "$tmp/victim/a.png" links2/a.png && ln -s "$tmp/victim/file.png" links2/manifest.jsonl &&
  ln -s "$tmp/victim/file.png" links2/.fovea-augment.json && ln -s "$tmp/victim/lock" links2/.fovea-augment.lock
fv augment "$chain" photos links2
exits 1 'links to files'
rm links2/.fovea-augment.lock
fv augment "$chain" photos links2
refuses 1 'are there already' 'is there already'
fv augment "$chain" photos links2 --force
exits 0 'with --force'
untouched 'they are replaced, not followed'
ok 'by files' [ ! -L links2/a.png -a -f links2/a.png -a ! -L links2/manifest.jsonl ]
mkdir round round/a && cp noise/grey-0.png round/a/x.png && ln -s .. round/a/up
LIMIT=20 fv augment 'resize(8)' round round.out
exits 0 'links that go round'
is "$(find round.out -name '*.png')" round.out/a/x.png 'are gone through once'
mkdir clash && cp noise/grey-0.png clash/x.png && cp jpeg/grey-6.jpg clash/x.jpg
fv augment 'resize(8)' clash clash.out
refuses 1 'two images with one output' '^fovea: x\.jpg and x\.png: both become x\.png'
ok 'nothing is begun' [ ! -e clash.out ]
mkdir -p clash2/x.png && cp noise/grey-0.png clash2/x.jpg && cp noise/grey-0.png clash2/x.png/y.png
fv augment 'resize(8)' clash2 clash.out
refuses 1 'an output that is the folder of another' '^fovea: x\.jpg and x\.png/y\.png: .*x\.png'
fv augment 'resize(8)' photos photos/out
refuses 1 'OUT in IN' '^fovea: photos/out: lies in photos'
ok 'is not made' [ ! -e photos/out ]
fv augment 'resize(8)' photos photos --force
refuses 1 'OUT is IN' '^fovea: photos: lies in photos'
mkdir there && echo precious >there/a.png
fv augment "$chain" photos there
refuses 1 'a file that is there' '^fovea: there/a\.png: is there already; --resume .*--force'
is "$(cat there/a.png)" precious 'is not overwritten'
fv augment "$chain" photos there/a.png
refuses 1 'OUT is a file' '^fovea: there/a\.png: cannot be written'

# ------------------------------------------------------------------- broken images

cp -r photos broken
head -c 500 photos/cats/b.png >broken/cats/b.png
fv augment "$chain" broken broken.out
exits 1 'a broken image'
like "$err" '^fovea: broken/cats/b\.png: ' 'is named'
like "$err" '^1 of 9 outputs are there; to go on: ' 'after those before it are made'
fv augment "$chain" broken skipped --on-error skip
exits 1 '--on-error skip'
like "$err" '^fovea: warning: left out: broken/cats/b\.png: ' 'lists it'
like "$err" '^fovea: 1 of 9 images are broken so far, and --max-bad allows a share of 0\.01 \(0\)' 'and fails past --max-bad'
fv augment "$chain" broken skipped2 --on-error skip --max-bad 0.2 --copies 2
exits 0 '--max-bad 0.2'
like "$out" '^9 images, 16 outputs, 1 broken images left out' 'counts it'
is "$(grep -c warning <<<"$err")" 1 'lists it once'
is "$(wc -l <skipped2/manifest.jsonl)" 16 'the manifest has the others'
cp photos/cats/b.png broken/cats/b.png
fv augment "$chain" broken broken.out --resume
exits 0 'a broken image that is mended'
ok 'gives what it should' diff -r before broken.out
echo text >broken/dogs/d.jpg
: >broken/a.png
fv augment "$chain" broken skipped3 --on-error skip --max-bad 1
like "$out" '^9 images, 7 outputs, 2 broken images left out' 'text and nothing are broken images'
ln -s nowhere broken/nowhere.png
fv augment "$chain" broken skipped4 --on-error skip --max-bad 1
like "$out" '^10 images, 7 outputs, 3 broken images left out' 'so is a link to nowhere'
fv augment 'crop(45)' photos small
exits 1 'an image that the chain cannot take'
like "$err" '^fovea: photos/a\.png: .*crop' 'is named'
fv augment "$chain" photos large --max-side 49
exits 1 '--max-side'
like "$err" '^fovea: photos/a\.png: .*56x40.*49' 'is checked'
fv augment "$chain" photos large2 --max-pixels 2239
exits 1 '--max-pixels'
like "$err" '^fovea: photos/a\.png: ' 'is checked'

# ------------------------------------------------------------------------- usage

fv augment "$chain" photos
refuses 2 'without OUT' '^fovea: augment: '
fv augment "$chain" photos usage more
refuses 2 'an argument too many' '^fovea: augment: .*"more"'
fv augment 'corp(24)' photos usage
refuses_pipeline 'an operation that is none' '^chain:1:1: error: .*"corp".*did you mean "crop"'
fv augment 'crop(24) rotate(3)' photos usage
refuses_pipeline 'a chain that is none' '^chain:1:[0-9]+: error: '
fv augment 'rotate("x")' photos usage
refuses_pipeline 'a wrong option' '^chain:1:8: error: rotate: '
fv augment '' photos usage
exits 2 'an empty chain'
fv augment missing.fv photos usage
exits 2 'a pipeline that is not there'
printf 'net { input(1, 8, 8) -> relu as same }\n' >none.fv
fv augment none.fv photos usage
refuses 2 'a pipeline without a chain' '^fovea: none\.fv: there is no augment'
fv augment "$chain" missing usage
refuses 1 'IN that is not there' '^fovea: missing: '
mkdir nothing.in
fv augment "$chain" nothing.in usage
refuses 1 'IN that is empty' '^fovea: nothing\.in: there is no image'
fv augment "$chain" /dev/null usage
refuses 1 'IN that is a device' '^fovea: /dev/null: neither a folder nor a regular file'
while read -r option; do
  # shellcheck disable=SC2086
  fv augment "$chain" photos usage $option
  refuses 2 "$option" "^fovea: augment: .*${option%% *}"
done <<'END'
--format gif
--quality 0
--quality 101
--copies -1
--jobs -1
--batch 5000
--filter nearest
--on-error ignore
--max-bad 1.5
--least-visible -1
--max-side 0
--max-pixels 0
--shard-size 0
--seed -1
--resume --force
END
fv augment "$chain" photos usage -s angle=3
refuses 2 '-s with a chain' '^fovea: augment: -s '
ok 'nothing of all that was begun' [ ! -e usage ]

done_testing
