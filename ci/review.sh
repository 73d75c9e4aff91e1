#!/usr/bin/env bash
# Markdown on standard output: what the change from $BASE to the checked-out commit does to running models. For any CI.
# BASE (required), STACKS, FAIL_ON, PREVIEWS: separated by blanks. RENDERS: a file to keep both renders in. PYTHON: the interpreter with the
# program's packages.
# Ends with 3 when FAIL_ON met something, with 1 when the change does not render.
set -euo pipefail
: "${BASE:?name what to compare with, such as origin/main}"

arguments=(--format markdown --base "$BASE" --head HEAD)
read -ra stacks <<< "${STACKS:-}"
read -ra gates <<< "${FAIL_ON:-}"
read -ra previews <<< "${PREVIEWS:-}"
for stack in ${stacks[@]+"${stacks[@]}"}; do arguments+=(--stack "$stack"); done
for gate in ${gates[@]+"${gates[@]}"}; do arguments+=(--fail-on "$gate"); done
for preview in ${previews[@]+"${previews[@]}"}; do arguments+=(--preview-json "$preview"); done

if [ -n "${RENDERS:-}" ]; then arguments+=(--save-renders "$RENDERS"); fi

exec "${PYTHON:-python3}" -m nim_component diff "${arguments[@]}"
