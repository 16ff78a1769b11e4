#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What is told of a training: the log, event files, report.html, and pages of several runs; in a browser, too, where
# chromium is installed.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

make_idx
make_pipeline
sed -i 's/source   = idx(folder)/source = idx(folder, names="a \&amp; b, <script>x, corner")/' net.fv
echo 'metric = [accuracy(logits), f1(logits)]' >>net.fv
steps=103 # of an epoch

# --------------------------------------------------------------------- the log

fv train net.fv --tensorboard --out run
exits 0 'train --tensorboard'
log=run/log.jsonl
is "$(grep -c '"split":"train".*"gradient_norm":[0-9]' $log)" 9 'each line of training has the norm of the gradient'
is "$(grep -c '"gradient_norms":{"conv1":[^,]*,"batchnorm1":[^,]*,"dense1":[^,]*,"dense2":[^,]*}}' $log)" 3 \
  'at the end of each epoch the norm of each layer'
is "$(grep '"gradient_norms"' $log | sed 's/.*"gradient_norm":\([^,]*\),.*norms":{\(.*\)}}/\1 \2/; s/"[^"]*"://g; s/,/ /g' |
  awk '{ s = 0; for (i = 2; i <= NF; i++) s += $i * $i; if (sqrt(s) / $1 > 1.00001 || sqrt(s) / $1 < 0.99999) print }')" \
  '' 'which give the norm of all together'
is "$(grep -vc '"seconds":[0-9.]*,"memory":[1-9][0-9]*' $log)" 0 'each line has time and memory'
is "$(grep -o '"seconds":[0-9.]*' $log | cut -d: -f2 | sort -n | uniq | md5sum)" \
  "$(grep -o '"seconds":[0-9.]*' $log | cut -d: -f2 | uniq | md5sum)" 'time goes on'

# Several batches make an update: only its last one leaves the gradient of all of them.
sed 's/batch = batch }/batch = batch  accumulate = 2 }/' net.fv >two.fv
fv train two.fv -s epochs=1 -s rate=0.0005 --out two
is "$(grep -c '"split":"train".*"gradient_norm":' two/log.jsonl)" 3 'with accumulate: at the end of an update'
sed 's/batch = batch }/batch = batch  accumulate = 4 }/' net.fv >four.fv
fv train four.fv -s epochs=1 --out four
is "$(grep '"split":"train"' four/log.jsonl | grep -o '"step":[0-9]*,\|gradient_norm"' | tr -d '\n')" \
  '"step":50,"step":100,gradient_norm""step":103,gradient_norm"' 'and at no other step'

# --------------------------------------------------------------- event files

events() { ls "$1" | grep -c '^events\.out\.tfevents\.'; }
is "$(events run)" 1 'event files lie in the run folder'
is "$(head -c 8 run/events.out.tfevents.* | od -An -tx1 | tr -d ' \n')" 1800000000000000 'they are records'
has "$(tr -c '[:print:]' ' ' <run/events.out.tfevents.*)" 'loss/validate' 'with tags'
is "$(grep -ao 'gradient_norm/conv1' run/events.out.tfevents.* | wc -l)" 3 'of layers, too'
fv train net.fv -s epochs=1 --tensorboard=events --out other
exits 0 'train --tensorboard=DIR'
is "$(events events) $(events other)" '1 0' 'writes there alone'
sed 's/batch = batch }/batch = batch  tensorboard = true }/' net.fv >events.fv
fv train events.fv -s epochs=1 --out by-pipeline
is "$(events by-pipeline)" 1 'train { tensorboard = true } does the same'
fv train --resume by-pipeline
exits 0 'a run that is resumed'
is "$(events by-pipeline)" 2 'has another event file'
sed 's/batch = batch }/batch = batch  tensorboard = 1 }/' net.fv >wrong.fv
fv train wrong.fv
refuses_pipeline 'tensorboard = 1' 'tensorboard: expected true or false'
fv train net.fv --tensorboard=net.fv --out none
refuses 1 '--tensorboard: no folder' 'net\.fv'

# ------------------------------------------------------------------ the report

page=$(cat run/report.html)
shows() { grep -qF ">$1<" <<<"$page"; }
number() { # SPLIT KEY [EPOCH]: as the page has it
  grep "\"split\":\"$1\"" $log | grep "\"epoch\":${3:-[0-9]*}," | tail -n 1 | grep -oE "\"$2\":[-+0-9.e]+" | cut -d: -f2
}
epoch_row() { grep -E "<td class=\"epoch\">$1( kept)?</td>" <<<"$page" | sed 's/<[^>]*>/ /g'; }
for key in loss accuracy f1; do
  ok "the page has the test's $key of the log" shows "$(printf %.4f "$(number test $key)")"
done
for n in 1 2 3; do
  has "$(epoch_row $n)" "$(printf %.4f "$(number validate loss $n)")  $(printf %.4f "$(number validate accuracy $n)")" \
    "epoch $n has the log's validation"
  has "$(epoch_row $n)" " $(grep '"split":"train"' $log | grep "\"epoch\":$n," |
    sed 's/.*"step":\([0-9]*\).*"loss":\([0-9.e+-]*\).*/\1 \2/' |
    awk -v at=$(((n - 1) * steps)) '{ s += ($1 - at) * $2; w += $1 - at; at = $1 } END { printf "%.4f", s / w }') " \
    'and the mean of its training'
  has "$(epoch_row $n)" " $(printf %.4g "$(number train gradient_norm $n)") " 'and the last norm of the gradient'
done
is "$(grep -c 'kept</td>' <<<"$page")" 1 'one epoch is the one that was kept'
has "$page" 'Confusion' 'the page has the confusion matrix'
is "$(grep -o '<td class="right" style="--share:[0-9.]*">[0-9]*' <<<"$page" | sed 's/.*>//' |
  awk '{ s += $1 } END { printf "%.4f", s / 60 }')" "$(printf %.4f "$(number test accuracy)")" \
  'whose diagonal gives the accuracy of the log'
has "$page" 'Weights of the first layer' 'filters'
two=$(cat two/report.html)
right=$(grep -o '<td class="right" style="--share:[0-9.]*">[0-9]*' <<<"$two" | sed 's/.*>//' | awk '{ s += $1 } END { print s }')
like "$(number test accuracy)" '^1$|^0\.9' 'most pictures are told apart'
ok 'a training that was too slow leaves mistakes' [ "$right" -lt 50 ]
is "$(grep -A1 'Most confident mistakes' <<<"$two" | wc -l) $(grep -c '<b>.*taken for' <<<"$two")" "2 $((60 - right < 24 ? 60 - right : 24))" \
  'which are shown, the 24 most confident at most'
has "$two" '<b>&lt;script&gt;x</b>taken for ' 'by what they are, and were taken for'
if command -v dot >/dev/null; then
  has "$page" '<div class="card net"><svg' 'the drawing'
else
  skip 'the drawing' 'no dot here'
fi
unlike "$page" 'https?:|<script|<link|@import|url\(|src="[^d]' 'it needs nothing else, and nothing foreign runs in it'
has "$page" '&lt;script&gt;x' 'names of classes are text'

cp run/report.html first.html
rm run/report.html
fv report run
exits 0 'report RUN'
is "$out" run/report.html 'names the page'
is "$(sed 's/<svg width.*//' run/report.html | grep -c 'class="epoch"\|class="right"')" \
  "$(grep -c 'class="epoch"\|class="right"' first.html)" 'which is there again'
page=$(cat run/report.html)
ok 'with the same numbers' shows "$(printf %.4f "$(number test loss)")"

# ----------------------------------------------------------------- unfinished

start net.fv -s epochs=50 --out 'half <b>'
if hold 'half <b>' 4; then
  finish INT
  fv report 'half <b>'
  exits 0 'report of a run that was stopped'
  like "$err" '^fovea: report: half <b>: unfinished: [0-9]+ of 50 epochs, step [0-9]+' 'which is named'
  has "$(cat 'half <b>/report.html')" 'class="note">unfinished: ' 'in the page, too'
  unlike "$(cat 'half <b>/report.html')" 'half <b>' 'where its name is text'
else
  fail 'the run was held' 'too late'
fi
cp -r run damaged
echo '{"step":1' >>damaged/log.jsonl
echo '}' >>damaged/log.jsonl
fv report damaged
refuses 1 'report of a damaged run' 'damaged/log\.jsonl:[0-9]+: not a line of a log'
fv report nowhere
refuses 1 'report of nothing' 'nowhere'
cp -r run no-data
sed -i 's/let folder = "idx"/let folder = "gone"/' no-data/pipeline.fv
fv report no-data
exits 0 'report without the data'
like "$err" 'no-data: not evaluated: .*gone' 'says what is missing'
page=$(cat no-data/report.html)
ok 'the rest is there' shows "$(printf %.4f "$(number test loss)")"

# -------------------------------------------------------------- several runs

fv report run other 'half <b>' --out several.html
exits 0 'report of several runs'
is "$out" several.html 'names the page'
several=$(cat several.html)
has "$several" 'half &lt;b&gt;' 'it has all of them'
is "$(grep -o '<span class="run[012]">' several.html | wc -l)" 24 'with their curves'
like "$several" '<th colspan="2">epochs</th>' 'and the settings that differ'
unlike "$several" '<th colspan="2">optimizer</th>' 'no others'
unlike "$several" 'https?:|<script|src=' 'it needs nothing else'
fv report run damaged nowhere --out some.html
exits 1 'report with damaged runs'
like "$err" '^fovea: report: damaged/log' 'names them'
like "$err" '^fovea: report: nowhere' 'each'
has "$(cat some.html)" 'left out: damaged/log.jsonl' 'in the page, too'
fv report run --out x.html
exits 2 'report --out of one run'
fv train net.fv -s epochs=1 --folds 2 --out folds
fv report folds
is "$code $out" '0 folds/report.html' 'report of a cross-validation'
fv report folds/fold-2
exits 0 'and of a fold'
has "$(cat folds/fold-2/report.html)" 'validate split, 400 images' 'which is shown on its own part'

# ------------------------------------------------------------------ a browser

# The pages, without what keeps scripts out and with one that measures, in frames of two widths.
probe() { sed "s/<meta http-equiv[^>]*>//; s|</body>||; s|</html>||" "$1" && printf '<script>' &&
  cat "$FOVEA_SOURCE/tests/cli/layout.js" && printf '</script></body></html>'; }
in_browser() { # SCHEME NUMBER
  timeout $((60 * ${FOVEA_SLOWER:-1})) "$chromium" --headless=new --no-sandbox --disable-gpu --user-data-dir="$tmp/.chromium" \
    --blink-settings=preferredColorScheme="$2" --virtual-time-budget=20000 --dump-dom "file://$tmp/frames.html" \
    2>/dev/null >"$1.dom"
  said=$(sed -n 's/.*<pre id="said">//; s/<\/pre>.*//; / [0-9]*: /p' "$1.dom")
}
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
if [ -n "$chromium" ]; then
  probe run/report.html >one.html
  probe several.html >many.html
  {
    echo '<!doctype html><meta charset="utf-8"><pre id="said"></pre><script>'
    echo 'addEventListener("message", e => said.append(e.data + "\n"));</script>'
    for width in 390 1280; do
      for name in one many; do
        echo "<iframe name=\"$name\" src=\"$name.html\" style=\"border:0\" width=\"$width\" height=\"800\"></iframe>"
      done
    done
  } >frames.html
  for scheme in 'light 1 247, 247, 245' 'dark 0 21, 23, 26'; do
    read -r name number colour <<<"$scheme"
    in_browser "$name" "$number"
    for width in 390 1280; do
      for page in one many; do
        like "$said" "^$page $width: fine; background rgb\($colour\)" "$name, $width pixels: nothing cut, nothing overlaps ($page)"
      done
    done
  done
else
  skip 'in a browser' 'no chromium here'
fi

done_testing
