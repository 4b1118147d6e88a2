#!/usr/bin/env bash
# Packs what a bare machine with a GPU needs to run lightseg into one archive: Node, the engine, the compiled
# sources and benchmarks, two models, the Vulkan loader. For Linux on x64; made on Debian.
#
#   scripts/gpu-kit.sh KIT.tar.xz [DATASET FOLDER [FILE ...]]
#
# With a data set, its files (all of FOLDER unless some are named) go along, and run.sh trains on them. There:
#
#   tar xJf KIT.tar.xz && lightseg-kit/run.sh [RESULTS [SECONDS]]
set -euo pipefail
archive=$(realpath -m "${1:?usage: scripts/gpu-kit.sh KIT.tar.xz [DATASET FOLDER [FILE ...]]}")
dataset=${2:-}
data=${3:+$(realpath "$3")}
files=("${@:4}")
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
kit=$work/lightseg-kit
app=$kit/app
mkdir -p "$app/node_modules" "$kit/vulkan" "$work/debs"

npx tsc -p tsconfig.json --noEmit false --outDir "$app" --declaration false
rm -rf "$app/test" "$app/scripts" "$app/demo" "$app"/*.js
cp package.json "$app"
mkdir -p "$app/models" "$app/examples" "$app/bench/pytorch"
cp models/manifest.json models/voc.safetensors models/mobilenet-v2-imagenet.safetensors "$app/models"
cp examples/chelsea.jpg "$app/examples"
cp bench/pytorch/*.py "$app/bench/pytorch"

npm ls --omit=dev --all --parseable 2>/dev/null | sed "s#^$PWD/##" | grep "^node_modules/" |
  grep -v h5wasm | while read -r package; do
  mkdir -p "$app/$(dirname "$package")"
  cp -r "$package" "$app/$(dirname "$package")"
done
find "$app/node_modules" -type f \
  \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.md' \) -delete
find "$app/node_modules/onnxruntime-node/bin" -mindepth 3 -type d \
  ! -path '*/linux/x64' ! -path '*/linux' -prune -exec rm -r {} +
cp "$(node -p process.execPath)" "$kit/node"
strip "$kit/node" 2>/dev/null || true

# NVIDIA's Vulkan driver needs the libraries of libglvnd too, even where no display is.
(cd "$work/debs" &&
  apt-get download -q libvulkan1 libegl1 libglvnd0 libopengl0 libgl1 libglx0 libgles2 >/dev/null)
for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$kit/vulkan"; done
rm -r "$kit/vulkan/usr/share"

if [ -n "$data" ]; then
  mkdir "$kit/data"
  echo "$dataset" >"$kit/dataset"
  tar -C "$data" -cf - "${files[@]:-.}" | tar -C "$kit/data" -xf -
fi
cp scripts/gpu-kit-run.sh "$kit/run.sh"
tar -C "$work" -c lightseg-kit | xz -T0 -9 >"$archive"
du -h "$archive"
