#!/usr/bin/env bash
# Prints in Markdown the effects of the change from BASE to HEAD. For any CI system.
#
# BASE      git reference to compare with; required
# HEAD      git reference to review; default: the checked-out commit
# HEAD_USER user that runs the code of HEAD; requires root
# STACKS    names of stacks, separated by spaces; default: all
# FAIL_ON   severities or rules that fail the script, separated by spaces
# PREVIEWS  files with the output of `pulumi preview --json`, separated by spaces
# RENDERS   file to store both renders in
# PYTHON    interpreter with the packages of the program; default: python3
#
# Exit code: 1 if the change does not render, 3 if a finding matches FAIL_ON.
set -euo pipefail
: "${BASE:?set a git reference to compare with, such as origin/main}"

arguments=(--format markdown --base "$BASE" --head "${HEAD:-HEAD}")
read -ra stacks <<< "${STACKS:-}"
read -ra gates <<< "${FAIL_ON:-}"
read -ra previews <<< "${PREVIEWS:-}"
for stack in ${stacks[@]+"${stacks[@]}"}; do arguments+=(--stack "$stack"); done
for gate in ${gates[@]+"${gates[@]}"}; do arguments+=(--fail-on "$gate"); done
for preview in ${previews[@]+"${previews[@]}"}; do arguments+=(--preview-json "$preview"); done

if [ -n "${HEAD_USER:-}" ]; then arguments+=(--head-user "$HEAD_USER"); fi
if [ -n "${RENDERS:-}" ]; then arguments+=(--save-renders "$RENDERS"); fi

exec "${PYTHON:-python3}" -m nim_component diff "${arguments[@]}"
