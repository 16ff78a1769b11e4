#!/bin/bash
# SPDX-License-Identifier: MIT
# plugins.sh: writes fovea-plugins(7) as scdoc text, from what `fovea inspect` says of every plugin.
# usage: plugins.sh FOVEA [FOLDER]: the program; with FOLDER only plugins of files below it.
set -eu
fovea=$1
folder=${2:-}
export LC_ALL=C

# Text without what scdoc would take for formatting.
escape() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\*/\\*}
  text=${text//_/\\_}
  case $text in
    [#\|\[\]:-]*) text=\\$text ;;
  esac
  printf '%s' "$text"
}

# An option in the head of a plugin: its name, with the default where it has one. $1: name, $2: range and default.
argument() {
  case $2 in
    "values of the net"*) printf '%s...' "$1" ;;
    *", default "*) printf '%s=%s' "$1" "${2##*, default }" ;;
    *) printf '%s' "$1" ;;
  esac
}

# Reads what inspect prints of one plugin into summary, details, facts, names, helps, ranges, examples, file; with COMMON
# the names, helps and ranges are those of the options that all of its kind have.
read_plugin() {
  local line part=details pending= wanted=own
  [ -z "${1:-}" ] || wanted=common
  details=() facts=() names=() helps=() ranges=() examples=() file=
  IFS= read -r line
  summary=${line#*: }
  while IFS= read -r line; do
    case $line in
      "") continue ;;
      "Options, in the order"*) part=own; continue ;;
      "By name, as every"*) part=common; continue ;;
      "Examples:") part=examples; continue ;;
      "Inputs: "* | "Target: "* | "Reference: "*) facts+=("$line"); continue ;;
      "File: "*) file=${line#File: }; continue ;;
    esac
    case $part in
      details) details+=("$line") ;;
      examples) examples+=("${line#  }") ;;
      "$wanted")
        line=${line#  }
        if [ "$line" = none ]; then
          continue
        elif [ -z "$pending" ]; then
          pending=${line%% *}
          line=${line#"$pending"}
          names+=("$pending")
          helps+=("${line#"${line%%[! ]*}"}")
        else
          pending=
          ranges+=("${line#"${line%%[! ]*}"}")
        fi
        ;;
    esac
  done
}

write_options() {
  local i
  for i in "${!names[@]}"; do
    printf '*%s*\n\t%s (%s)\n\n' "$(escape "${names[$i]}")" "$(escape "${helps[$i]}")" "$(escape "${ranges[$i]}")"
  done
}

# Once for each kind, before its plugins: what all of them have.
write_common() { # KIND
  read_plugin common <<<"$shown"
  [ ${#names[@]} -gt 0 ] || return 0
  printf 'Every %s has these options, too; they are given by name.\n\n' "$1"
  write_options
}

write_plugin() {
  local i head='' text
  for i in "${!names[@]}"; do
    head+="${head:+, }$(argument "${names[$i]}" "${ranges[$i]}")"
  done
  printf '## %s\n\n*%s*%s\n\n' "$(escape "$1")" "$(escape "$1")" "$(escape "${head:+($head)}")"
  text=$(escape "$summary")
  printf '%s.\n\n' "${text^}"
  for i in "${!details[@]}"; do
    printf '%s\n\n' "$(escape "${details[$i]}")"
  done
  write_options
  for i in "${!facts[@]}"; do
    printf '%s\n\n' "$(escape "${facts[$i]}")"
  done
  if [ ${#examples[@]} -gt 0 ]; then
    printf 'Examples:\n\n```\n'
    printf '%s\n' "${examples[@]}"
    printf '```\n\n'
  fi
}

cat <<'END'
fovea-plugins(7)

# NAME

fovea-plugins - the plugins that come with fovea

# DESCRIPTION

What *fovea inspect* says of every plugin: its options in the order of positional arguments, with their ranges and
defaults. How pipelines use them is described in *fovea*(5).

END

for kind in source augment layer loss optimizer schedule metric; do
  listed=$("$fovea" inspect "$kind") || [ $? = 1 ] # 1: a plugin elsewhere in the search path had to be refused
  printf '# %s\n\n' "${kind^^}"
  told=
  while read -r name _; do
    [ "$name" != "$kind" ] || continue
    shown=$("$fovea" inspect "$kind" "$name")
    [ -n "$told" ] || write_common "$kind"
    told=yes
    read_plugin <<<"$shown"
    case $file in
      "$folder"*) write_plugin "$name" ;;
    esac
  done <<<"$listed"
done

printf '# SEE ALSO\n\n*fovea*(1), *fovea*(5)\n'
