#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# docs/course.md: every pipeline that it names passes the check, and what is marked as quick runs.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

course=$FOVEA_SOURCE/docs/course.md

# ------------------------------------------------------------------ pipelines

pipelines=$(grep -o 'pipelines/[a-z0-9_-]*\.fv' "$course" | sort -u)
ok 'it names pipelines' [ "$(wc -l <<<"$pipelines")" -ge 20 ]
cd "$FOVEA_SOURCE" || exit 1
for pipeline in $pipelines; do
  fv check "$pipeline"
  exits 0 "$pipeline"
done
for file in pipelines/*.fv; do
  grep -q '^net' "$file" || continue # blocks and settings, to be imported
  case $file in
    *-32.fv) continue ;; # the same for small images
  esac
  ok "$file is in the course" grep -qF "$file" "$course"
done

# ---------------------------------------------- parameters, as the table has them

while IFS='|' read -r _ network files counts _; do
  i=0
  IFS=';' read -ra wanted <<<"$counts"
  for file in $(grep -o 'pipelines/[a-z0-9_-]*\.fv' <<<"$files"); do
    fv check "$file"
    want=$(grep -oE '[0-9,]+' <<<"${wanted[$i]}" | head -n 1 | tr -d ,)
    like "$out" "^$want parameters, " "$network: parameters of $file"
    i=$((i + 1))
  done
done < <(grep -E '^\|.*`pipelines/.*[0-9],[0-9]{3}' "$course")

# -------------------------------------------------------------------- commands

# Fenced blocks with the word `quick`, one file each; what they write goes to our own folder.
mkdir "$tmp/blocks"
awk -v folder="$tmp/blocks" '
  /^```sh quick$/ { file = sprintf("%s/line-%03d", folder, NR); next }
  /^```/ { file = "" }
  file { print > file }' "$course"
ok 'it has quick commands' [ "$(find "$tmp/blocks" -type f | wc -l)" -ge 15 ]
for block in "$tmp"/blocks/*; do
  sed -i "s,/tmp/,$tmp/,g" "$block"
  (fovea() { "$FOVEA" "$@"; }; set -e; . "$block") >"$tmp/.out" 2>"$tmp/.err" </dev/null
  code=$? out=$(cat "$tmp/.out") err=$(cat "$tmp/.err") last=$(cat "$block")
  exits 0 "commands of ${block##*/}"
  is "$err" '' "${block##*/}: no complaints"
  ok "${block##*/}: prints something" [ -s "$tmp/.out" ]
done

# What the course says of their results.
trace_of() { # TEXT
  out=$(cd "$FOVEA_SOURCE" && fovea() { "$FOVEA" "$@"; } && . "$(grep -lF -- "$1" "$tmp"/blocks/*)" 2>&1)
}
trace_of /svm.fv
like "$out" '^ +loss +5\.267$' 'the mean SVM loss'
like "$out" '^ +samples +\[0\] +2\.9$' 'that of the cat'
trace_of /softmax.fv
like "$out" '^ +softmax +0\.13 +0\.87 +9\.68e-04$' 'the probabilities'
like "$out" '^ +loss +2\.04$' 'the softmax loss'
trace_of /conv.fv
like "$out" '^760 parameters' 'parameters of a convolution'
trace_of worked-example.fv
like "$out" '0\.149780716' 'w1+'

done_testing
