#!/usr/bin/env bash
# The run.sh of scripts/gpu-kit.sh: checks the device, compares it with the CPU, times it, then trains for
# the rest of the time. Results lie in RESULTS, each written as soon as it is there.
#
#   run.sh [RESULTS [SECONDS]]    defaults: results beside this file, 840
#
# BENCH and PARITY hold arguments of bench:gpu in place of those below.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
results=${1:-$here/results}
end=$((SECONDS + ${2:-840}))
mkdir -p "$results"
left() { echo $((end - SECONDS)); }

libraries=$here/vulkan/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
if ! ls /usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json >/dev/null 2>&1; then
  # Containers are given the driver without the file that names it.
  for driver in libGLX_nvidia.so.0 libEGL_nvidia.so.0; do
    ldconfig -p | grep -q "$driver" || continue
    echo '{"file_format_version":"1.0.0","ICD":{"library_path":"'$driver'","api_version":"1.3.0"}}' \
      >"$results/icd.json"
    export VK_DRIVER_FILES=$results/icd.json
    break
  done
fi
lightseg() { "$here/node" "$here/app/src/cli/main.js" "$@"; }
bench() { "$here/node" "$here/app/bench/gpu.js" "$@"; }

echo "== device"
nvidia-smi >"$results/nvidia-smi.txt" 2>&1
segment=(segment "$here/app/examples/chelsea.jpg" --model voc --device webgpu --out "$results/segment")
if ! lightseg "${segment[@]}"; then
  VK_LOADER_DEBUG=all lightseg "${segment[@]}" >"$results/loader.txt" 2>&1
  tail -40 "$results/loader.txt"
  exit 1
fi

echo "== parity with the CPU"
small=(--size 64x64 --crop 64 --batch 1 --step-batch 2 --dtype fp32 --runs 2 --warmup 1 --no-pytorch)
bench --json --cpu "${small[@]}" ${PARITY:-} >"$results/parity.json"
"$here/node" -e '
  const { rows } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
  const isWrong = ({ error, found = {} }) =>
    error || found.equalLabels < 0.995 || found.lossDifference > 1e-3;
  const wrong = rows.filter(isWrong).map(({ kind, network }) => `${kind} ${network}`);
  console.log(wrong.length ? `differs: ${wrong.join(", ")}` : `${rows.length} rows, all equal`);
' "$results/parity.json"

echo "== times"
# As they matter, should time be short.
cases=(--case step:refinenet-lw-mobilenet-v2 --case step:refinenet-lw-50)
for network in refinenet-lw-50 refinenet-lw-mobilenet-v2 ndnet45 refinenet-lw-101 refinenet-lw-152; do
  cases+=(--case "forward:$network")
done
bench --json --minutes "$(($(left) / 120))" "${cases[@]}" ${BENCH:-} >"$results/bench.json"

if [ -e "$here/dataset" ] && [ "$(left)" -gt 60 ]; then
  echo "== training for $(left) seconds"
  # A checkpoint is written at the signal.
  timeout --signal=INT --kill-after=60 "$(($(left) - 30))" "$here/node" "$here/app/src/cli/main.js" train \
    --run "$results/run" --model refinenet-lw-mobilenet-v2 \
    --dataset "$(cat "$here/dataset")" --data "$here/data" \
    --weights imagenet --device webgpu --json ${TRAIN:-} >"$results/train.json"
fi
echo "== done: $results"
