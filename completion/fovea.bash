# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion of fovea in bash: verbs and options as its help says them, kinds and names of plugins, devices, files.

_fovea_verbs() { fovea --help 2>/dev/null | sed -n 's/^  \([a-z]\+\) .*/\1/p'; }
_fovea_options() { fovea "$1" --help 2>/dev/null | grep -o -- '--[a-z][a-z-]*'; }
_fovea_plugins() { fovea inspect ${1:+"$1"} 2>/dev/null | sed -n 's/^  \([a-z][a-z0-9_]*\) .*/\1/p'; }

_fovea() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]} words=
  local kinds="source augment layer loss optimizer schedule metric"
  COMPREPLY=()
  if [ "$COMP_CWORD" = 1 ]; then
    words="$(_fovea_verbs) help --help --version"
  elif [[ $word == -* ]]; then
    words=$(_fovea_options "$verb")
  else
    case $verb:$before in
      help:*) words=$(_fovea_verbs) ;;
      *:--split) words="train validate test" ;;
      *:-d | *:--device) words=$(fovea devices 2>/dev/null | sed -n 's/^\([0-9]\+\)  .*/\1/p') ;;
      inspect:inspect) words="$kinds $(_fovea_plugins)" ;;
      inspect:*) words=$(_fovea_plugins "$before") ;;
      new:new) words=$kinds ;;
      gradcheck:*) words="$(_fovea_plugins layer) $(_fovea_plugins loss)" ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  [ -n "$words" ] && [ "$verb" != gradcheck ] || compopt -o default -o bashdefault 2>/dev/null
}
complete -F _fovea fovea
