#!/bin/sh
# SPDX-License-Identifier: MIT
# Tests the plugin: it loads, its option table is sound, a pipeline can use it, and its gradients are right.
# usage: test.sh [FOLDER with @NAME@.so]; FOVEA names the program, where it is not the one in PATH.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$(cd "${1:-$here/build}" && pwd)
fovea=${FOVEA:-fovea}
FOVEA_PLUGIN_PATH="$folder${FOVEA_PLUGIN_PATH:+:$FOVEA_PLUGIN_PATH}"
export FOVEA_PLUGIN_PATH

"$fovea" inspect @KIND@ @NAME@
"$fovea" check "$here/test.fv"
case @KIND@ in
  layer) "$fovea" gradcheck @NAME@ ;;
  loss) "$fovea" gradcheck "$here/test.fv" ;;
esac
echo "@NAME@: all is well"
