# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
# lib.sh: what the tests of the command line share: TAP, one call of fovea, and data made of nothing.
#
# FOVEA names the program (default: the one in PATH), FOVEA_SOURCE the source folder (default: where this file is).
# FOVEA_SLOWER, a whole number, stretches time limits.
# A script is in a folder of its own, which is removed at its end, and finishes with done_testing.

LC_ALL=C
export LC_ALL

FOVEA=${FOVEA:-fovea}
case $FOVEA in
  */*) FOVEA=$(realpath "$FOVEA") ;;
esac
FOVEA_SOURCE=$(realpath "${FOVEA_SOURCE:-$(dirname "${BASH_SOURCE[0]}")/../..}")
[ -z "${FOVEA_BUILD:-}" ] || FOVEA_BUILD=$(realpath "$FOVEA_BUILD")
if [ -n "${FOVEA_PLUGIN_PATH:-}" ]; then # relative to where we were called, not to where we go
  absolute=
  IFS=: read -ra folders <<<"$FOVEA_PLUGIN_PATH"
  for folder in "${folders[@]}"; do
    absolute+=${absolute:+:}$(realpath "$folder")
  done
  export FOVEA_PLUGIN_PATH=$absolute
fi
[ -z "${FOVEA_DATA_DIR:-}" ] || FOVEA_DATA_DIR=$(realpath "$FOVEA_DATA_DIR")
unset FOVEA_DEVICE
# glibc then fills memory that is new, and memory that is freed: whoever reads it is found out.
export MALLOC_PERTURB_=${MALLOC_PERTURB_:-101}
umask 022

tmp=$(mktemp -d "${TMPDIR:-/tmp}/fovea-test-XXXXXX") || exit 1
tmp=$(realpath "$tmp")
pid= # of a process in the background, while there is one
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
cd "$tmp" || exit 1
export XDG_DATA_HOME=$tmp/.data # no plugins but those that a test names

# ----------------------------------------------------------------------- TAP

tests=0
failures=0

note() { # TEXT: shown, never judged
  printf '%s\n' "$*" | head -c 3000 | sed 's/^/# /'
}

pass() { # NAME
  tests=$((tests + 1))
  printf 'ok %d - %s\n' "$tests" "$1"
}

fail() { # NAME [TEXT]
  tests=$((tests + 1))
  failures=$((failures + 1))
  printf 'not ok %d - %s\n' "$tests" "$1"
  [ -z "${2:-}" ] || note "$2"
}

skip() { # NAME REASON
  tests=$((tests + 1))
  printf 'ok %d - %s # SKIP %s\n' "$tests" "$1" "$2"
}

skip_all() { # REASON
  printf '1..0 # SKIP %s\n' "$1"
  exit 0
}

ok() { # NAME COMMAND...
  local name=$1
  shift
  if "$@"; then pass "$name"; else fail "$name" "failed: $*"; fi
}

is() { # GOT WANT NAME
  if [ "$1" = "$2" ]; then pass "$3"; else fail "$3" "got:  $1"$'\n'"want: $2"; fi
}

like() { # TEXT REGEX NAME: a line of the text matches
  if grep -qE -- "$2" <<<"$1"; then pass "$3"; else fail "$3" "no line matches $2 in:"$'\n'"$1"; fi
}

unlike() { # TEXT REGEX NAME
  if grep -qE -- "$2" <<<"$1"; then fail "$3" "a line matches $2 in:"$'\n'"$1"; else pass "$3"; fi
}

has() { # TEXT PART NAME: the text holds the part, word for word
  case $1 in
    *"$2"*) pass "$3" ;;
    *) fail "$3" "not there: $2"$'\n'"in: $1" ;;
  esac
}

done_testing() {
  printf '1..%d\n' "$tests"
  [ "$failures" -eq 0 ]
  exit
}

# --------------------------------------------------------------------- fovea

# Runs fovea with these arguments, at most $LIMIT seconds; leaves its exit code in $code, and stdout and stderr in $out
# and $err, where a NUL is shown as @.
LIMIT=120
fv() {
  last="fovea $*"
  # bash has words of its own for a program that crashes: they go nowhere
  { timeout "$((LIMIT * ${FOVEA_SLOWER:-1}))" "$FOVEA" "$@" >"$tmp/.out" 2>"$tmp/.err" </dev/null; } 2>/dev/null
  code=$?
  out=$(tr '\0' @ <"$tmp/.out")
  err=$(tr '\0' @ <"$tmp/.err")
}

exits() { # CODE NAME: of the last fv
  if [ "$code" -eq "$1" ]; then
    pass "$2"
  else
    fail "$2" "exit code $code, expected $1: $last"$'\n'"stdout: $out"$'\n'"stderr: $err"
  fi
}

# The last fv ended with this exit code, printed nothing, and said in one line what matches all of the patterns.
refuses() { # CODE NAME PATTERN...
  local expected=$1 name=$2 why=
  shift 2
  [ "$code" -eq "$expected" ] || why+="exit code $code, expected $expected; "
  [ -z "$out" ] || why+="prints to stdout; "
  [ "$(wc -l <"$tmp/.err")" -eq 1 ] || why+="stderr is not one line; "
  local pattern
  for pattern; do
    grep -qE -- "$pattern" <<<"$err" || why+="stderr does not match $pattern; "
  done
  if [ -z "$why" ]; then
    pass "$name"
  else
    fail "$name" "${why%; }: $last"$'\n'"stdout: $out"$'\n'"stderr: $err"
  fi
}

# The last fv refused a pipeline: exit 2, nothing on stdout, each line FILE:LINE:COL: error: or a note to one.
refuses_pipeline() { # NAME PATTERN...
  local name=$1 why=
  shift
  [ "$code" -eq 2 ] || why+="exit code $code, expected 2; "
  [ -z "$out" ] || why+="prints to stdout; "
  [ -n "$err" ] || why+="says nothing; "
  ! grep -vqE '^[^:]+:[0-9]+:[0-9]+: (error|note): .' <<<"$err" || why+="stderr has a line without place; "
  local pattern
  for pattern; do
    grep -qE -- "$pattern" <<<"$err" || why+="stderr does not match $pattern; "
  done
  if [ -z "$why" ]; then
    pass "$name"
  else
    fail "$name" "${why%; }: $last"$'\n'"stdout: $out"$'\n'"stderr: $err"
  fi
}

# A regular expression that matches just this text.
quoted() { # TEXT
  sed 's/[][\.*^$+?(){}|]/\\&/g' <<<"$1"
}

# Files that were being written when something went wrong.
leftovers() { # FOLDER
  find "$1" -name '*.tmp-*' | sort
}

# ------------------------------------------------------------------ trainings

# What a file of weights says of itself.
metadata() { # FILE KEY
  head -c 4000 "$1" | grep -aoE "\"$2\":\"[^\"]*\"" | head -n 1 | cut -d'"' -f4
}

# A number of the last line of a log, or of the first.
logged() { # RUN KEY [head]
  "${3:-tail}" -n 1 "$1/log.jsonl" | grep -oE "\"$2\":[-+0-9.e]+" | cut -d: -f2
}

# The log without what depends on how fast the computer is.
timeless() { # RUN
  sed -E 's/,"(images_per_second|seconds|memory)":[^,}]*//g' "$1/log.jsonl"
}

same_bytes() { cmp "$1" "$2" >&2; }

# Starts training in the background: its process is $pid.
start() { # ARGUMENT...
  "$FOVEA" train "$@" >.bg-out 2>.bg-err </dev/null &
  pid=$!
}

# Holds the process in the middle of an epoch, when the log of the run is at least so long; with STEP, when that step of
# an epoch was the last in the log. Fails when it is too late. $steps: of an epoch.
hold() { # RUN LINES [STEP]
  local tries lines step
  for ((tries = 0; tries < 6000; tries++)); do
    kill -0 "$pid" 2>/dev/null || return 1
    lines=0
    [ ! -e "$1/log.jsonl" ] || lines=$(wc -l <"$1/log.jsonl")
    if [ "$lines" -ge "$2" ]; then
      kill -STOP "$pid"
      step=$(logged "$1" step)
      step=$((step % steps))
      [ "$step" -ne 0 ] && [ "$step" -eq "${3:-$step}" ] && return
      kill -CONT "$pid"
    fi
    sleep 0.005
  done
  return 1
}

finish() { # SIGNAL: to the process that is held; its exit code is left in $code
  kill "-$1" "$pid"
  kill -CONT "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  code=$?
  pid=
  out=$(cat .bg-out)
  err=$(cat .bg-err)
  last="train, after SIG$1"
}

# ---------------------------------------------------------------------- data

be32() { # N: as four bytes, most significant first, in printf's notation
  printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 >> 24 & 255)) $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255))
}

# A generator of its own, so that the data are the same with every version of bash; leaves 0 .. $1 - 1 in $drawn.
seed=1
draw() { # N
  seed=$(((seed * 1103515245 + 12345) & 0x7fffffff))
  drawn=$(((seed >> 12) % $1))
}

# One 8x8 picture of a class, in printf's notation, in $pixels: bars that lie (0), that stand (1), a bright corner (2);
# with noise, so that it takes some learning.
draw_picture() { # CLASS
  local x y value phase hex
  draw 2
  phase=$drawn
  pixels=
  for ((y = 0; y < 8; y++)); do
    for ((x = 0; x < 8; x++)); do
      case $1 in
        0) value=$((((y + phase) & 2) * 60)) ;;
        1) value=$((((x + phase) & 2) * 60)) ;;
        *) value=$((x + y < 7 + phase ? 120 : 0)) ;;
      esac
      draw 130
      printf -v hex '\\x%02x' $((value + drawn))
      pixels+=$hex
    done
  done
}

# FOLDER gets PREFIX-images-idx3-ubyte and PREFIX-labels-idx1-ubyte: 8x8 pictures of 3 classes. Drawing takes bash its
# time: the same pictures may come several times.
make_split() { # FOLDER PREFIX COUNT [TIMES]
  local i images='' labels=''
  for ((i = 0; i < $3; i++)); do
    draw 3
    labels+="\\x0$drawn"
    draw_picture "$drawn"
    images+=$pixels
  done
  local count=$(($3 * ${4:-1}))
  images=$(repeat "${4:-1}" "$images")
  labels=$(repeat "${4:-1}" "$labels")
  mkdir -p "$1"
  # shellcheck disable=SC2059 # bytes are what we want from printf
  printf "\\x00\\x00\\x08\\x03$(be32 $count)$(be32 8)$(be32 8)$images" >"$1/$2-images-idx3-ubyte"
  # shellcheck disable=SC2059
  printf "\\x00\\x00\\x08\\x01$(be32 $count)$labels" >"$1/$2-labels-idx1-ubyte"
}

# 800 pictures to train with and 60 to test with, in the folder idx.
make_idx() {
  seed=1
  make_split idx train 200 4
  make_split idx t10k 60
}

# net.fv: a net that uses all that makes resuming hard: shares, augmentation, dropout, running statistics, momentum, a
# schedule.
make_pipeline() {
  cat >net.fv <<'END'
# A small net on small pictures.
let rate = 0.05
let epochs = 3
let batch = 7
let folder = "idx"

data {
  source   = idx(folder)
  validate = 0.1
}
prepare { normalize(mean=0.4, std=0.25) }
augment { crop(8, pad=1) -> flip(p=0.5) }

net {
  input(1, 8, 8) -> conv(4, 3, pad=1) -> batchnorm -> relu -> maxpool(2)
    -> dense(16) -> relu -> dropout(0.2) -> dense(3) as logits
}

loss      = softmax(logits, label) + l2(1e-4)
optimizer = sgd(rate=rate, momentum=0.9)
schedule  = cosine
train { epochs = epochs  batch = batch }
END
}

# The four bytes of a float, in printf's notation, for those that tests need.
f32() { # 0 | 0.5 | 1 | -1 | 2
  case $1 in
    0) printf '%s' '\x00\x00\x00\x00' ;;
    0.5) printf '%s' '\x00\x00\x00\x3f' ;;
    1) printf '%s' '\x00\x00\x80\x3f' ;;
    -1) printf '%s' '\x00\x00\x80\xbf' ;;
    2) printf '%s' '\x00\x00\x00\x40' ;;
  esac
}

# An .npy file; BYTES in printf's notation.
make_npy() { # FILE DESCR SHAPE BYTES [ORDER]
  local header="{'descr': '$2', 'fortran_order': ${5:-False}, 'shape': $3, }"
  while [ $(((10 + ${#header} + 1) % 64)) -ne 0 ]; do
    header+=' '
  done
  local length=$((${#header} + 1))
  # shellcheck disable=SC2059
  printf "\\x93NUMPY\\x01\\x00$(printf '\\x%02x\\x%02x' $((length & 255)) $((length >> 8)))" >"$1"
  printf '%s\n' "$header" >>"$1"
  # shellcheck disable=SC2059
  printf "$4" >>"$1"
}

repeat() { # N TEXT
  local i text=
  for ((i = 0; i < $1; i++)); do
    text+=$2
  done
  printf '%s' "$text"
}

# A grey PNG, written by fovea itself: a net that changes nothing, and a tensor.
make_png() { # FILE HEIGHT WIDTH [VALUE]
  [ -e same.fv ] || printf 'let h = 8\nlet w = 8\nnet { input(1, h, w) -> relu as same }\n' >same.fv
  make_npy .picture.npy '<f4' "(1, 1, $2, $3)" "$(repeat $(($2 * $3)) "$(f32 "${4:-0.5}")")"
  "$FOVEA" run same.fv -s h="$2" -s w="$3" --in .picture.npy --out "$1"
}
