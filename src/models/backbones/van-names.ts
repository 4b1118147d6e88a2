import type { OtherNames } from "./other-names.ts";

/** Parts of a block, by their names in Hugging Face's transformers (the spelling is theirs). */
const parts: Readonly<Record<string, string>> = {
  pre_normomalization: "norm1",
  "attention.pre_projection.conv": "attn.proj_1",
  "attention.attention_layer.attention.depth_wise": "attn.spatial_gating_unit.conv0",
  "attention.attention_layer.attention.depth_wise_dilated": "attn.spatial_gating_unit.conv_spatial",
  "attention.attention_layer.attention.point_wise": "attn.spatial_gating_unit.conv1",
  "attention.post_projection": "attn.proj_2",
  post_normalization: "norm2",
  "mlp.in_dense": "mlp.fc1",
  "mlp.depth_wise": "mlp.dwconv.dwconv",
  "mlp.out_dense": "mlp.fc2",
};
const scales: Readonly<Record<string, string>> = {
  "attention_scaling.weight": "layer_scale_1",
  "mlp_scaling.weight": "layer_scale_2",
};

/** VAN in transformers: `encoder.stages.S`, with `embeddings`, `layers.B` and `normalization`. */
export const vanNames: OtherNames = {
  rename(name) {
    const [, prefix = "", stage, rest = ""] = /^(|.*?\.)stages\.(\d+)\.(.+)$/.exec(name) ?? [];
    if (stage === undefined) return name;
    const number = Number(stage) + 1;
    const [, value = ""] = /\.(\w+)$/.exec(rest) ?? [];
    const place = rest.slice(0, rest.length - value.length - 1);
    if (place === "embeddings.convolution") return `${prefix}patch_embed${number}.proj.${value}`;
    if (place === "embeddings.normalization") return `${prefix}patch_embed${number}.norm.${value}`;
    if (place === "normalization") return `${prefix}norm${number}.${value}`;
    const [, block, layer = ""] = /^layers\.(\d+)\.(.+)$/.exec(rest) ?? [];
    if (block === undefined) return name;
    const start = `${prefix}block${number}.${block}`;
    const scale = scales[layer];
    if (scale !== undefined) return `${start}.${scale}`;
    const own = parts[layer.slice(0, layer.length - value.length - 1)];
    return own === undefined ? name : `${start}.${own}.${value}`;
  },
};
