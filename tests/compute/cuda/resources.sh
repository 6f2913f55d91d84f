#!/usr/bin/env bash
# Registers, stack, spills and shared memory of every kernel for sm_80, from ptxas's reports, as CSV on stdout.
#   resources.sh REPORTS NVCC          prints the table
#   resources.sh REPORTS NVCC TABLE    compares with it; a change must be entered there knowingly
set -euo pipefail
reports=$1 nvcc=$2 table=${3:-}
sources=$(dirname "$0")/../../../compute/cuda/kernels

release=$("$nvcc" --version | grep -oP 'release \K[0-9.]+')
list() {
  echo "# nvcc $release, sm_80; made by tests/compute/cuda/resources.sh"
  echo "file;kernel;registers;stack_bytes;spill_bytes;shared_bytes"
  for report in "$reports"/*.ptxas; do
    if [ ! -e "$sources/$(basename "$report" .ptxas).cu" ]; then continue; fi  # of a file that is gone
    c++filt <"$report" | awk -v file="$(basename "$report" .ptxas).cu" '
      /Compiling entry function/ {
        wanted = /for .sm_80./
        name = $0; sub(/.*entry function ./, "", name); sub(/. for .sm_.*/, "", name)
        gsub(/moescope::cuda::|\(anonymous namespace\)::/, "", name); sub(/^void /, "", name); sub(/\(.*/, "", name)
      }
      wanted && /bytes stack frame/ {stack = $1; spill = $5 + $9}
      wanted && /Used [0-9]+ registers/ {
        registers = shared = 0
        for (i = 1; i <= NF; ++i) {
          if ($i ~ /^registers/) registers = $(i - 1)
          if ($i ~ /^smem/) shared = $(i - 2)
        }
        print file ";" name ";" registers ";" stack ";" spill ";" shared
      }'
  done | LC_ALL=C sort
}

if [ -z "$table" ]; then
  list
  exit 0
fi
made=$(list)
if ! awk -F ';' 'NR > 2 && $5 != 0 {print "spills: " $0; bad = 1} END {exit bad}' <<<"$made"; then
  echo "A kernel spills registers to memory; give it fewer live values or a smaller block"
  exit 1
fi
if [ "$(head -n 1 "$table")" != "$(head -n 1 <<<"$made")" ]; then
  echo "RESOURCES NOT COMPARED: $(head -n 1 "$table"), but this is nvcc $release (no kernel spills)"
  exit 0
fi
if ! diff "$table" - <<<"$made"; then
  echo "Kernels need other registers, stack or shared memory than $table says (< there, > now)."
  echo "If that is meant: tests/compute/cuda/resources.sh $reports $nvcc > $table"
  exit 1
fi
