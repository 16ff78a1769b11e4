#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Plugins from outside, against the installed fovea: they build in one line, their projects work, and others are refused.
#
# FOVEA_BUILD names a build folder, whose prefix is to be a temporary one: it is installed there.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ -n "${FOVEA_BUILD:-}" ] || skip_all 'FOVEA_BUILD names no build folder to install'
pc=$FOVEA_BUILD/meson-private/fovea.pc
[ -e "$pc" ] || skip_all "$FOVEA_BUILD is no build folder of fovea"
for tool in meson ninja cc pkg-config; do
  command -v "$tool" >/dev/null || skip_all "no $tool here"
done
prefix=$(sed -n 's/^prefix=//p' "$pc")
case $prefix/ in
  /tmp/?* | "${TMPDIR:-/tmp}"/?* | "$FOVEA_BUILD"/?*) ;;
  *) skip_all "the prefix of $FOVEA_BUILD is $prefix, which is not for tests" ;;
esac

meson install -C "$FOVEA_BUILD" --no-rebuild --quiet >install.log 2>&1
ok 'meson install' [ $? -eq 0 ] || note "$(cat install.log)"
unset FOVEA_PLUGIN_PATH FOVEA_DATA_DIR
FOVEA=$prefix/bin/fovea
libdir=$(sed -n "s/^libdir=//p" "$pc")
libdir=${libdir/'${prefix}'/$prefix}
export FOVEA LD_LIBRARY_PATH=$libdir PKG_CONFIG_PATH=$libdir/pkgconfig
pluginsdir=$(pkg-config --variable=pluginsdir fovea)

fv inspect layer
exits 0 'the installed fovea'
like "$out" '^  conv ' 'has its plugins'
ok 'pkg-config knows their folder' [ -e "$pluginsdir/layer/conv.so" ]
fv check "$FOVEA_SOURCE/pipelines/resnet-small.fv"
exits 0 'and checks a pipeline'

# ------------------------------------------------------------------ one C file

cp "$FOVEA_SOURCE/tests/cli/elu_example.c" elu2.c
said=$(cc -shared -fPIC elu2.c $(pkg-config --cflags --libs fovea) -o elu2.so 2>&1)
ok 'a layer in one file: builds with the compiler alone' [ -e elu2.so ]
is "$said" '' 'without a warning'
FOVEA_PLUGIN_PATH=. fv inspect layer elu2
exits 0 'inspect finds it'
like "$out" '^layer elu2: exponential linear unit$' 'with its summary'
like "$out" '^  alpha +value that x tends to' 'its option'
like "$out" '0 to 10, default 1$' 'range and default'
has "$out" "$tmp/elu2.so" 'and file'
FOVEA_PLUGIN_PATH=. fv inspect layer
like "$out" '^  elu2 ' 'it is in the list'
FOVEA_PLUGIN_PATH=. fv gradcheck elu2
exits 0 'gradcheck passes'
like "$out" '^layer elu2: gradients are right' 'and says so'
fv inspect layer elu2
exits 2 'without the path it is unknown'
like "$err" 'did you mean "elu"' 'and the nearest is suggested'

mkdir -p "$XDG_DATA_HOME/fovea/plugins/layer"
cp elu2.so "$XDG_DATA_HOME/fovea/plugins/layer/"
fv inspect layer elu2
exits 0 "it is found in the user's own folder"
rm -r "$XDG_DATA_HOME"

sed 's/"dx = .*"/"dx = dy;"/; s/elu2/wrong_gradient/' elu2.c >wrong_gradient.c
cc -shared -fPIC wrong_gradient.c $(pkg-config --cflags --libs fovea) -o wrong_gradient.so
FOVEA_PLUGIN_PATH=. fv gradcheck wrong_gradient
exits 1 'gradcheck of a wrong gradient fails'
like "$out" '^layer wrong_gradient: gradients are WRONG' 'and says so'

# -------------------------------------------------------------------- fovea new

kinds='source augment layer loss optimizer schedule metric'
for kind in $kinds; do
  fv new "$kind" "my_$kind"
  exits 0 "fovea new $kind"
  is "$(ls "my_$kind" 2>/dev/null | tr '\n' ' ')" "README.md meson.build my_$kind.c test.fv test.sh " \
    "fovea new $kind: its files"
  ok "fovea new $kind: no placeholders are left" eval '! grep -rqE "@(NAME|KIND)@" "my_$kind"'
  ok "fovea new $kind: test.sh can be run" [ -x "my_$kind/test.sh" ]
done
# All at once, as many as there are processors: meson takes its time.
build() ( # KIND
  cd "my_$1" || exit
  meson setup build && ninja -C build && meson test -C build --print-errorlogs
)
export -f build
# shellcheck disable=SC2086
printf '%s\n' $kinds | xargs -P "$(nproc)" -I KIND bash -c 'build KIND >KIND.log 2>&1; echo $? >KIND.code'
for kind in $kinds; do
  if [ "$(cat "$kind.code")" -eq 0 ]; then
    pass "fovea new $kind: builds and passes its test"
  else
    fail "fovea new $kind: builds and passes its test" "$(tail -n 30 "$kind.log")"
  fi
  unlike "$(cat "$kind.log")" 'warning:' "fovea new $kind: without a warning"
  project=my_$kind
  said=$(cd "$project" && cc -shared -fPIC "$project.c" $(pkg-config --cflags --libs fovea) -o "$project.so" 2>&1)
  is "$said" '' "fovea new $kind: builds with the compiler alone"
  FOVEA_PLUGIN_PATH=$project fv inspect "$kind" "$project"
  exits 0 "fovea new $kind: inspect finds that too"
done

fv new layer my_layer
refuses 1 'fovea new: a folder that is there' '^fovea: my_layer is there already'
fv new layer Swirl
refuses 2 'fovea new: capitals in a name' '^fovea: new: .*Swirl'
fv new layer ../swirl
refuses 2 'fovea new: a path for a name' '^fovea: new: '
fv new layr swirl
refuses 2 'fovea new: an unknown kind' '^fovea: new: .*layr.*"layer"'
fv new layer
refuses 2 'fovea new: no name' '^fovea: new: '
fv new layer swirl --out inner/folder
refuses 1 'fovea new: --out in a folder that is not there' 'inner/folder'
fv new layer swirl --out elsewhere
exits 0 'fovea new --out'
ok 'makes that folder' [ -e elsewhere/swirl.c ]
FOVEA_DATA_DIR=$tmp/nowhere fv new layer swirl
refuses 1 'fovea new: no template' '^fovea: .*nowhere/template'
ok 'nothing is left behind' [ ! -e swirl -a -z "$(leftovers .)" ]

# --------------------------------------------------------------------- refusals

mkdir plugins
for name in good wrong_abi wrong_size no_symbol no_descriptor other_name no_hook bad_table; do
  cc -shared -fPIC "$FOVEA_SOURCE/tests/plugins/$name.c" $(pkg-config --cflags --libs fovea) -o "plugins/$name.so"
  printf 'net { input(1, 4, 4) -> %s as y }\n' "$name" >"$name.fv"
done
export FOVEA_PLUGIN_PATH=$tmp/plugins
fv check good.fv
exits 0 'a plugin that is as it should be'
abi=$(sed -nE 's/^#define FV_ABI +\(?([0-9]+).*/\1/p' "$prefix/include/fovea/plugin.h")

# A refused plugin fails inspect, and is a mistake at the place of the pipeline that names it.
refuses_plugin() { # PLUGIN NAME PATTERN...
  local plugin=$1 name=$2
  shift 2
  fv inspect layer "$plugin"
  refuses 1 "$name: inspect" "^fovea: .*$plugin\.so: " "$@"
  fv check "$plugin.fv"
  refuses_pipeline "$name: check" "^$plugin\.fv:1:25: error: .*$plugin\.so: " "$@"
}
refuses_plugin wrong_abi 'another ABI' "\\b7\\b" "\\b$abi\\b"
refuses_plugin wrong_size 'a descriptor of another size' '\b100\b'
refuses_plugin no_symbol 'no symbol' 'fovea_plugin'
refuses_plugin no_descriptor 'no descriptor' 'descriptor'
refuses_plugin other_name 'another name' '"another"'
refuses_plugin no_hook 'a missing hook' 'backward_map'
refuses_plugin bad_table 'an option table that is wrong' 'size'
echo 'no library' >plugins/text.so
echo 'net { input(1, 4, 4) -> text as y }' >text.fv
refuses_plugin text 'a text file' 'cannot be loaded|invalid ELF'
fv inspect
exits 1 'the list of plugins, with broken ones among them'
like "$out" '^  good ' 'has the good ones'
like "$err" 'wrong_abi\.so: ' 'and names the broken ones'

# A library that tells when it is loaded.
cat >evil.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#define evil_name "evil"
#include <fovea/plugin.h>
__attribute__((constructor)) static void loaded(void)
{
    FILE *file = fopen(getenv("EVIL_MARK"), "w");
    if (file)
        fclose(file);
}
static const FvLayer evil = {
    .base = { FV_HEAD(FvLayer, FvNone), .kind = FV_LAYER, .name = evil_name, .summary = "tells when it is loaded" },
    .forward_map = "y = x;",
    .backward_map = "dx = dy;",
};
FV_EXPORT(evil)
END
export EVIL_MARK=$tmp/loaded
mkdir here
cc -shared -fPIC evil.c $(pkg-config --cflags --libs fovea) -o here/evil.so
echo 'net { input(1, 4, 4) -> evil as y }' >evil.fv
export FOVEA_PLUGIN_PATH=$tmp/here
fv inspect layer evil
exits 0 'a library that tells when it is loaded'
ok 'tells it' [ -e loaded ]
rm -f loaded
fv check "$FOVEA_SOURCE/pipelines/mlp-fashion.fv"
ok 'no plugin is loaded that nobody names' [ ! -e loaded ]

chmod o+w here
refuses_plugin evil 'a folder that others may write to' 'others may write to the folder' "$(quoted "$tmp/here")"
chmod 1777 here
refuses_plugin evil 'such a folder with the sticky bit' 'others may write to the folder'
chmod 755 here
chmod o+w here/evil.so
refuses_plugin evil 'a file that others may write to' 'others may write to the file'
chmod 755 here/evil.so
mkdir -m 777 open
mv here/evil.so open/evil.so
ln -s ../open/evil.so here/evil.so
refuses_plugin evil 'a link to a file in such a folder' 'others may write to the folder'
rm here/evil.so
mkdir -p here/layer
chmod 777 here/layer
cp open/evil.so here/layer/evil.so
refuses_plugin evil "such a folder of the plugin's kind" 'others may write to the folder'
rm -r here/layer
mkfifo here/evil.so
LIMIT=5
refuses_plugin evil 'a named pipe' 'not a regular file'
rm here/evil.so
chmod 755 open
cp open/evil.so .
unset FOVEA_PLUGIN_PATH
fv inspect layer evil
exits 2 'a library in the working folder is not looked at'
FOVEA_PLUGIN_PATH=: fv inspect layer evil
exits 2 'nor with an empty FOVEA_PLUGIN_PATH'
for text in './evil.so' 'evil.so' './evil' "$tmp/evil" '"./evil.so"' "\"$tmp/open/evil.so\"" '../evil' 'layer/evil'; do
  echo "net { input(1, 4, 4) -> $text as y }" >path.fv
  fv check path.fv
  refuses_pipeline "a pipeline that names $text" '^path\.fv:1:[0-9]+: error: '
done
echo 'net { input(1, 4, 4) -> relu as y } loss = mse(y, target) optimizer = "./evil.so"' >path.fv
fv check path.fv
refuses_pipeline 'a path for an optimizer' '^path\.fv:1:[0-9]+: error: '
printf 'import "evil.so"\nnet { input(1, 4, 4) -> relu as y }\n' >path.fv
fv check path.fv
exits 2 'a library that is imported'
fv inspect layer ../evil
exits 2 'inspect with a path'
fv gradcheck ../evil
exits 2 'gradcheck with a path'
ok 'none of them was loaded' [ ! -e loaded ]

done_testing
