#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# doctor: a sound pipeline passes; each of eight broken ones is told its fault, and no other.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

fashion=/usr/share/datasets/fashion-mnist
cases=$FOVEA_SOURCE/tests/bad/doctor

# ---------------------------------------------------------------------- data

header() { # COUNT [SIDE]: of images, or of labels
  local dims='\x01'
  [ -z "${2:-}" ] || dims='\x03'
  dims+=$(be32 "$1")
  [ -z "${2:-}" ] || dims+=$(be32 "$2")$(be32 "$2")
  # shellcheck disable=SC2059 # bytes are what we want from printf
  printf "\\x00\\x00\\x08$dims"
}

# The first images of a split of Fashion-MNIST, without their header; and their labels.
images_of() { # SPLIT COUNT
  gzip -dc "$fashion/$1-images-idx3-ubyte.gz" 2>/dev/null | tail -c +17 | head -c $((784 * $2))
}
labels_of() { # SPLIT COUNT
  gzip -dc "$fashion/$1-labels-idx1-ubyte.gz" | tail -c +9 | head -c "$2"
}

train=800
test=200
images_of train $train >train.images
labels_of train $train >train.labels
images_of t10k $test >t10k.images
labels_of t10k $test >t10k.labels

# FOLDER of idx files: images and labels of both splits, as files without headers.
make_set() { # FOLDER TRAIN-IMAGES TRAIN-LABELS TEST-IMAGES TEST-LABELS
  mkdir -p "$1"
  { header $train 28 && cat "$2"; } >"$1/train-images-idx3-ubyte"
  { header $train && cat "$3"; } >"$1/train-labels-idx1-ubyte"
  { header $test 28 && cat "$4"; } >"$1/t10k-images-idx3-ubyte"
  { header $test && cat "$5"; } >"$1/t10k-labels-idx1-ubyte"
}

# Each label goes to an image further on.
moved() { # FILE
  tail -c +138 "$1"
  head -c 137 "$1"
}

make_set idx train.images train.labels t10k.images t10k.labels
make_set shuffled train.images <(moved train.labels) t10k.images <(moved t10k.labels)
make_set leaking train.images train.labels <(head -c $((784 * test)) train.images) <(head -c $test train.labels)
make_set alike train.images <(head -c $train /dev/zero) t10k.images <(head -c $test /dev/zero)

# -------------------------------------------------------------------- a sound one

# Checks with a verdict, of the last fv's JSON: "units rates".
with() { # VERDICT
  tr -d ' \n' <<<"$out" | grep -oE '\{"id":"[a-z-]+","group":"[a-z]+","verdict":"'"$1" | cut -d'"' -f4 | xargs
}

fv doctor "$cases/sound.fv" --page sound.html
exits 0 'a sound pipeline'
for check in classes 'copies between splits' 'constant images' labels input weights units activations gradients \
  'parameters that move' 'initial loss' penalties 'learning rate' 'small sample' feeding; do
  like "$out" "^ok +$check " "$check: ok"
done
is "$(tail -n 1 <<<"$out")" '0 faults, 0 warnings, 15 ok' 'the last line counts them'
is "$err" '' 'nothing on stderr'
is "$(ls)" "$(printf '%s\n' alike idx leaking shuffled sound.html t10k.images t10k.labels train.images train.labels)" \
  'it leaves nothing but the page'
sound=$out
fv doctor "$cases/sound.fv"
is "$(grep -v '^ok  *feeding' <<<"$out")" "$(grep -v '^ok  *feeding' <<<"$sound")" 'twice the same'

# --------------------------------------------------------------- eight broken ones

names() { # CASE FAULT [ARGUMENT...]: its fault, and none besides
  local name=$1 fault=$2
  shift 2
  fv doctor "$cases/$name.fv" --json "$@"
  exits 1 "$name: exit code"
  is "$(with fault)" "$fault" "$name: named, and nothing else as serious"
}

# A file of weights with nothing but biases of -20.
bias='{"dense1.bias":{"dtype":"F32","shape":[32],"data_offsets":[0,128]}}'
# shellcheck disable=SC2059
{
  printf "\\x$(printf %x ${#bias})\\x00\\x00\\x00\\x00\\x00\\x00\\x00$bias"
  printf "$(repeat 32 '\x00\x00\xa0\xc1')"
} >dead.safetensors

names rate-too-high rates
names zero-weights weights
names unnormalised input
names frozen frozen
names dead-relu units --weights dead.safetensors --partial
names shuffled-labels labels -s 'folder="shuffled"'
names leak copies -s 'folder="leaking"'
names one-class classes -s 'folder="alike"'


# ---------------------------------------------------------------- what else it says

like "$(tr -d '\n' <<<"$out")" '"id" : "classes",.*"follows" : null,.*"rates" : \[.*"layers" : \[' \
  'JSON has the checks, rates and layers'
if command -v json-glib-format >/dev/null; then
  ok 'and is JSON' json-glib-format "$tmp/.out" >/dev/null
fi
page=$(cat sound.html)
like "$page" '<svg ' 'the page has a drawing'
like "$page" 'learning rate</text>' 'of the rates'
is "$(grep -cE '(src|href)=|https?:|@import|url\(' <<<"$page")" 0 'and needs nothing else'
has "$page" '</html>' 'it is whole'

# A classifier of one layer may begin with zeros: hinge is C - 1 then.
cat >linear.fv <<'END'
data { source = idx("idx") }
prepare { normalize }
net { input(1, 28, 28) -> dense(10, init=zeros) as scores }
loss      = hinge(scores, label) + l2(1e-3)
optimizer = sgd(rate=0.002, momentum=0.9)
train { batch = 32 }
END
fv doctor linear.fv
exits 0 'a linear classifier that begins with zeros'
like "$out" '^ok +initial loss +9 before any step; chance gives 9$' 'its first loss'

# A net that only remembers has nothing to train.
cat >nearest.fv <<'END'
data { source = idx("idx") }
net { input(1, 28, 28) -> knn(10, k=5) as votes }
metric = accuracy(votes, label)
END
fv doctor nearest.fv
exits 0 'nearest neighbours'
like "$out" '^- +learning rate +nothing is trained$' 'have no rate to try'

fv doctor linear.fv --images 0
refuses 2 'no images to compare' '^fovea: doctor: .*--images'
fv doctor linear.fv --page nowhere/page.html
exits 1 'a page that cannot be written'
like "$err" 'nowhere' 'is told'

done_testing
