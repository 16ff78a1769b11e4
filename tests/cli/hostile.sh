#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Pipelines and data sets that mean harm, or were hit by it: an error in seconds, never a crash.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
LIMIT=5

# ------------------------------------------------------------------ pipelines

# check ends within LIMIT with 2, prints no result, and a few lines that say what is wrong, the first of which matches.
refuses_hostile() { # FILE NAME [PATTERN]
  local why=
  fv check "$1"
  [ "$code" -eq 2 ] || why+="exit code $code, expected 2; "
  [ -z "$out" ] || why+="prints to stdout; "
  local lines
  lines=$(wc -l <"$tmp/.err")
  [ "$lines" -ge 1 ] || why+="says nothing; "
  [ "$lines" -le 101 ] || why+="says $lines lines; "
  [ "$(wc -c <"$tmp/.err")" -le 20000 ] || why+="says $(wc -c <"$tmp/.err") bytes; "
  head -n 1 "$tmp/.err" | grep -qE -- "${3:-error: .}" || why+="its first line does not match ${3:-error: .}; "
  head -n 1 "$tmp/.err" | grep -qF -- "$(basename "$1")" || why+="its first line does not name the file; "
  # shellcheck disable=SC2094
  tr -d '\n' <"$tmp/.err" | grep -q '[[:cntrl:]]' && why+="control characters reach the terminal; "
  if [ -z "$why" ]; then
    pass "$2"
  else
    fail "$2" "${why%; }"$'\n'"stderr: $(head -c 600 "$tmp/.err" | tr '\0' @)"
  fi
}

: >empty.fv
refuses_hostile empty.fv 'an empty file'
printf '\n\n  \n' >blank.fv
refuses_hostile blank.fv 'blanks'
echo '# nothing' >comment.fv
refuses_hostile comment.fv 'a comment'
printf '# no line end' >comment-only.fv
refuses_hostile comment-only.fv 'a comment without line end'
head -c 100000 "$FOVEA" >binary.fv
refuses_hostile binary.fv 'a binary'
head -c 100000 /dev/zero >zeros.fv
refuses_hostile zeros.fv 'zeros'
head -c 65536 /dev/urandom >random.fv
refuses_hostile random.fv 'random bytes'
refuses_hostile /dev/zero '/dev/zero'
mkfifo pipe.fv
refuses_hostile pipe.fv 'a named pipe that nobody writes to'
mkdir folder.fv
refuses_hostile folder.fv 'a folder'
echo 'import "pipe.fv"' >import-pipe.fv
refuses_hostile import-pipe.fv 'a pipeline that imports a named pipe'
echo 'import "/dev/zero"' >import-zero.fv
refuses_hostile import-zero.fv 'a pipeline that imports /dev/zero'
echo 'import "folder.fv"' >import-folder.fv
refuses_hostile import-folder.fv 'a pipeline that imports a folder'
printf 'import "self.fv"\nnet { input(1) -> relu as y }\n' >self.fv
refuses_hostile self.fv 'a pipeline that imports itself'
ln -s self-link-target.fv self-link.fv
printf 'import "self-link.fv"\nnet { input(1) -> relu as y }\n' >self-link-target.fv
refuses_hostile self-link-target.fv 'a pipeline that imports itself through a link'
echo 'import "circle-b.fv"' >circle-a.fv
echo 'import "circle-a.fv"' >circle-b.fv
refuses_hostile circle-a.fv 'two that import each other'
ln -s loop.fv loop.fv
refuses_hostile loop.fv 'a link to itself'
for ((i = 0; i < 2000; i++)); do
  echo "import \"chain$((i + 1)).fv\"" >"chain$i.fv"
done
echo 'net { input(1) -> relu as y }' >chain2000.fv
refuses_hostile chain0.fv 'imports 2,000 deep'
# Each imports the next one twice: 2^30 in all, for those who count.
for ((i = 0; i < 30; i++)); do
  printf 'import "twice%d.fv"\nimport "./twice%d.fv"\n' $((i + 1)) $((i + 1)) >"twice$i.fv"
done
echo 'block a() { in -> relu as out }' >twice30.fv
refuses_hostile twice0.fv 'imports that double 30 times'

deep=20000
times() { # N TEXT
  head -c "$1" /dev/zero | sed "s/\\x00/$2/g"
}
{ printf 'let a = '; times $deep '('; printf 1; times $deep ')'; } >parentheses.fv
refuses_hostile parentheses.fv "$deep parentheses"
{ printf 'let a = '; times $deep '('; } >open-parentheses.fv
refuses_hostile open-parentheses.fv "$deep parentheses that stay open"
{ printf 'let a = '; times $deep '-'; echo 1; } >minus.fv
refuses_hostile minus.fv "$deep minus signs"
{ printf 'net { input(1, 4, 4) -> '; times $deep '{ relu -> '; printf relu; times $deep ' }'; echo ' as y }'; } >braces.fv
refuses_hostile braces.fv "$deep braces"
{ printf 'net { input(1, 4, 4) -> '; times $deep '{'; } >open-braces.fv
refuses_hostile open-braces.fv "$deep braces that stay open"
{ printf 'net { input(1, 4, 4) -> '; times $deep 'repeat 1 { '; printf relu; times $deep ' }'; echo ' as y }'; } >repeats.fv
refuses_hostile repeats.fv "repeat, $deep deep"
{ printf 'net { input(1, 4, 4) -> conv('; times $deep '['; printf 1; times $deep ']'; echo ') as y }'; } >brackets.fv
refuses_hostile brackets.fv "$deep brackets"
{ printf 'let a = 1'; times $deep ' + 1'; echo; } >sum.fv
refuses_hostile sum.fv "a sum of $deep, and no net"
{ printf 'let a = 2'; times $deep ' * a'; echo; } >product.fv
refuses_hostile product.fv "a let that uses itself"
{ printf 'net { input(1, 4, 4)'; times $deep ' -> rleu'; echo ' as y }'; } >mistakes.fv
refuses_hostile mistakes.fv "$deep mistakes"
{ printf 'net { input(1, 4, 4) -> '; times 1000000 a; echo ' as y }'; } >long-name.fv
refuses_hostile long-name.fv 'a name of a million letters'
{ printf 'let a = "'; times 1000000 a; echo '"'; } >long-string.fv
refuses_hostile long-string.fv 'a string of a million letters, and no net'
{ printf 'let a = '; times 1000000 9; echo; echo 'net { input(a) -> relu as y }'; } >long-number.fv
refuses_hostile long-number.fv 'a number of a million digits'
{ for ((i = 0; i < 32; i++)); do printf 'let l%d = "${l%d}${l%d}"\n' $((i + 1)) $i $i; done; echo 'let l0 = "x"'; } >laughs.fv
refuses_hostile laughs.fv 'strings that double 32 times'
{
  for ((i = 1; i < 40; i++)); do printf 'block b%d() { in -> b%d -> b%d as out }\n' $i $((i - 1)) $((i - 1)); done
  echo 'block b0() { in -> relu -> relu as out }'
  echo 'net { input(1) -> b39 as y }'
} >blocks.fv
refuses_hostile blocks.fv 'blocks that double 39 times'
echo 'net { input(1) -> repeat 100000 { repeat 100000 { relu } } as y }' >repeated.fv
refuses_hostile repeated.fv 'ten billion layers'
{ times 5242880 x; echo; } >large-word.fv
refuses_hostile large-word.fv '5 MiB of a word'
{ echo 'net { input(1, 4, 4)'; yes '  -> relu' | head -n 524288; echo ' as y }'; } >large.fv
refuses_hostile large.fv '5 MiB of layers'
{ yes '# comment' | head -n 524288; echo 'net { input(1) -> rleu as y }'; } >large-comment.fv
refuses_hostile large-comment.fv '5 MiB of comments, and a mistake'
{ times 5242880 ' '; echo 'net'; } >large-blank.fv
refuses_hostile large-blank.fv '5 MiB of blanks'
printf 'let a = "\xff\xfe"\nnet { input(1) -> relu as y }\n' >latin.fv
refuses_hostile latin.fv 'invalid UTF-8 in a string'
printf '# \xc3\x28\nnet { input(1) -> relu as y }\n' >latin-comment.fv
refuses_hostile latin-comment.fv 'invalid UTF-8 in a comment'
printf '\xef\xbb\xbf\xff' >mark.fv
refuses_hostile mark.fv 'a byte order mark, and an invalid byte'
printf 'net { input(1) -> \x1b[31mrelu as y }\n' >escape.fv
refuses_hostile escape.fv 'an escape sequence'
printf 'net { input(1) -> "\x1b[31m" as y }\n' >escape-string.fv
refuses_hostile escape-string.fv 'an escape sequence in a string'
printf 'net { input(1) -> relu\x00 as y }\n' >nul.fv
refuses_hostile nul.fv 'a NUL'
printf 'net { input(1) -> relu as y' >open.fv
refuses_hostile open.fv 'a brace that stays open'
printf 'let a = "text' >open-string.fv
refuses_hostile open-string.fv 'a string that stays open'

# The rest of what reads pipelines is refused alike.
fv train braces.fv
exits 2 'train of one of them'
fv predict binary.fv -w w x.png
exits 2 'predict'
fv gradcheck zeros.fv
exits 2 'gradcheck'
for set in "a=$(times 20000 '(')" $'a=\xff' 'a="' 'a=}' "a=$(times 20000 '-')1"; do
  fv check twice30.fv -s "$set"
  exits 2 "-s ${set:0:6}..."
done

# ------------------------------------------------------------------------ data

LIMIT=20
make_idx
make_pipeline
cp -r idx good

# Trains with the folder idx, which must fail in one line that names that file.
refuses_data() { # FILE NAME
  fv train net.fv --out none
  refuses 1 "$2" "^fovea: $(quoted "$1"): ."
}

truncate_all() { # FILE LENGTH...
  local file=$1 length
  shift
  for length; do
    head -c "$length" "good/$file" >"idx/$file"
    refuses_data "idx/$file" "$file cut after $length bytes"
  done
  cp "good/$file" "idx/$file"
}
images=train-images-idx3-ubyte
labels=train-labels-idx1-ubyte
size=$(wc -c <good/$images)
truncate_all $images 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 64 $((size / 2)) $((size - 64)) $((size - 1))
size=$(wc -c <good/$labels)
truncate_all $labels 0 1 2 3 4 5 6 7 8 9 $((size / 2)) $((size - 1))
truncate_all t10k-images-idx3-ubyte 0 3 15 1000
truncate_all t10k-labels-idx1-ubyte 7 30

# Other bytes at an offset.
spoil() { # FILE OFFSET BYTES NAME
  cp "good/$1" "idx/$1"
  # shellcheck disable=SC2059
  printf "$3" | dd of="idx/$1" bs=1 seek="$2" conv=notrunc status=none
  refuses_data "idx/$1" "$4"
  cp "good/$1" "idx/$1"
}
spoil $images 0 '\x1f' 'images: another magic number'
spoil $images 0 'PK\x03\x04' 'images: those of a zip file'
spoil $images 2 '\x0d' 'images: floats'
spoil $images 3 '\x01' 'images: rank 1'
spoil $images 3 '\x00' 'images: rank 0'
spoil $images 3 '\xff' 'images: rank 255'
spoil $images 4 '\xff\xff\xff\xff' 'images: four billion'
spoil $images 4 '\x00\x00\x00\x00' 'images: none'
spoil $images 8 '\x00\x00\x00\x00' 'images: of height 0'
spoil $images 8 '\xff\xff\xff\xff\xff\xff\xff\xff' 'images: of four billion by four billion'
spoil $images 4 '\x00\x00\x03\x1f' 'images: one fewer than the file has'
spoil $labels 3 '\x03' 'labels: rank 3'
spoil $labels 4 '\x7f\xff\xff\xff' 'labels: two billion'
make_split few train 50
cp few/$labels idx/$labels
fv train net.fv --out none
refuses 1 'fewer labels than images' "^fovea: idx/$images: 800 images, but 50 labels in idx/$labels"
cp good/$labels idx/$labels
rm idx/$labels
refuses_data idx/$images 'images without labels'
cp good/$labels idx/$labels
rm idx/$images
refuses_data idx/$labels 'labels without images'
mkfifo idx/$images
refuses_data idx/$images 'a named pipe for images'
rm idx/$images
mkdir idx/$images
refuses_data idx/$images 'a folder for images'
rmdir idx/$images
ln -s /dev/zero idx/$images
refuses_data idx/$images '/dev/zero for images'
rm idx/$images

gzip -c good/$images >good/$images.gz
gzip -c good/$labels >idx/$labels.gz
rm idx/$labels
cp good/$images.gz idx/
fv train net.fv -s epochs=1 --out compressed
exits 0 'files compressed by gzip'
cp idx/$labels.gz good/
size=$(wc -c <good/$images.gz)
truncate_all $images.gz 0 1 2 5 10 18 40 $((size / 2)) $((size - 8)) $((size - 4)) $((size - 1))
size=$(wc -c <good/$labels.gz)
truncate_all $labels.gz 3 20 $((size - 1))
spoil $images.gz 3000 '\xff\xff\xff\xff\xff\xff' 'a compressed file with other bytes in it'
spoil $images.gz $(($(wc -c <good/$images.gz) - 6)) '\x00\x00' 'a compressed file with another sum'
{ printf '\x00\x00\x08\x03\x7f\xff\xff\xff\x00\x00\xff\xff\x00\x00\xff\xff'; head -c 10000000 /dev/zero; } | gzip -c >idx/$images.gz
refuses_data idx/$images.gz 'ten megabytes of zeros that claim to be more'
cp good/$images.gz idx/
head -c -1000 good/$images | gzip -c >idx/$images.gz
refuses_data idx/$images.gz 'a compressed file that ends too early'
cp good/$images.gz idx/
fv train net.fv -s 'folder="good/nothing"' --out none
refuses 1 'no such folder' '^fovea: good/nothing: no such folder'
fv train net.fv -s 'folder="photos"' --out none
refuses 1 'nor that' '^fovea: photos: no such folder'
mkdir photos
fv train net.fv -s 'folder="photos"' --out none
refuses 1 'an empty folder' '^fovea: photos: '
ok 'no run folder is left behind' [ ! -e none -a ! -e runs ]

# A folder of pictures, one of which is broken: that is found while training.
make_png a.png 8 8 1
mkdir -p photos/a photos/b
for i in 1 2 3; do
  cp a.png "photos/a/$i.png"
  cp a.png "photos/b/$i.png"
done
sed 's/idx(folder)/folder(folder, channels=1)/; s/validate = 0.1//; s/dense(3)/dense(2)/' net.fv >photos.fv
broken=(train photos.fv -s 'folder="photos"' -s epochs=1)
head -c 60 a.png >photos/b/2.png
fv "${broken[@]}" --out broken
exits 1 'a broken picture among those to train with'
like "$err" '^fovea: photos/b/2\.png: ' 'is named'
is "$(leftovers broken)" '' 'no half-written file is left'
cp a.png photos/b/2.png
mkdir photos/c
fv "${broken[@]}" --out none
refuses 1 'a class without pictures' '^fovea: photos/c: '
rmdir photos/c
make_png photos/a/4.png 5 5
fv "${broken[@]}" --out sizes
exits 1 'a picture among those to train with that is too small for crop(8, pad=1)'
like "$err" '^fovea: photos/a/4\.png: ' 'is named'

done_testing
