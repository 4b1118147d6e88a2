import { countCost, groupParameters } from "../analysis/cost.ts";
import type { Layer } from "../analysis/layers.ts";
import { followRewrites, type GraphSize } from "../analysis/rewrites.ts";
import { formatTable } from "../format-table.ts";
import { DEFAULT_MODEL } from "../model-files/manifest.ts";
import { isQuantized } from "../model-files/model.ts";
import { loadRunnableModel } from "../model-files/node/load.ts";
import { listShippedModels } from "../model-files/node/shipped.ts";
import { backbones, decoders, isNetwork, networks } from "../models/zoo.ts";
import { writeFileAtomically } from "../node/files.ts";
import { percent } from "../percent.ts";
import type { Arguments, Command, Outcome } from "./arguments.ts";
import {
  backbone,
  DEFAULT_CLASSES,
  decoder,
  flag,
  help,
  json,
  pairedNetwork,
  size,
  text,
  untrainedClasses,
} from "./options.ts";
import { colors, formatBytes, formatCount } from "./output.ts";
import { showPaper } from "./paper-tables.ts";
import { summaries } from "./summaries.ts";

const DEFAULT_SIZE: [number, number] = [512, 512];

const inputSize = size("size", `Height x width of the input in pixels (default ${DEFAULT_SIZE.join("x")})`);
const layers = flag("layers", "Also list every layer");
const compiled = flag("compiled", "Also show what each rewrite for the engine makes of the network");
const draw = text("draw", "FILE.svg", "Also draw the network, folded into its blocks");
const block = text("block", "NAME", "Draw the layers of this block instead, e.g. mflow_conv_g1_pool");
const paper = flag("paper", "Compare with the tables of the Light-Weight RefineNet paper");

export const info: Command = {
  name: "info",
  summary: summaries.info,
  operands: { name: "[MODEL]", min: 0, max: 1 },
  options: [backbone, decoder, inputSize, untrainedClasses, layers, compiled, draw, block, paper, json, help],
  notes: [
    "MODEL is a network, DECODER+BACKBONE, a shipped model, a model file, or the folder of a training run. One multiply-accumulate (MAC) is 2 floating-point operations (FLOPs); many papers print MACs under the name FLOPs.",
    "A drawing shows blocks (stages of the backbone, RCU, CRP, fusion) and the layers between them, each with the shape that it gives, its parameters and MACs.",
    "Memory is the peak of feature maps in float32, with batch norm folded, each map freed after its last use, and activations in place. Weights and the engine's own memory come on top.",
  ],
  examples: [
    "lightseg info",
    "lightseg info refinenet-lw-50 --size 625x468 --classes 21 --layers",
    "lightseg info --backbone resnet-18 --decoder refinenet-lw",
    "lightseg info refinenet-lw-50 --compiled",
    "lightseg info refinenet-lw-101 --draw network.svg",
    "lightseg info refinenet-101 --draw rcu.svg --block adapt_stage1_b",
    "lightseg info --paper",
  ],

  async run(args, print) {
    const pair = pairedNetwork(args);
    if (pair !== undefined && args.operands.length > 0)
      throw args.usageError("MODEL", "cannot be given together with --backbone and --decoder");
    const name = pair ?? args.operands[0];
    const options = {
      size: args.get(inputSize) ?? DEFAULT_SIZE,
      count: args.get(untrainedClasses),
      withLayers: args.has(layers),
      withRewrites: args.has(compiled),
      drawing: typedDrawing(args),
    };
    if (args.has(paper)) {
      requireAlone(args);
      return showPaper(print);
    }
    if (name !== undefined) return showModel(name, options, print);
    if (options.drawing) throw args.usageError("--draw", "needs a model or network to draw");
    return list(print);
  },
};

function typedDrawing(args: Arguments): { file: string; block: string | undefined } | undefined {
  const file = args.get(draw);
  if (file === undefined && args.has(block)) throw args.usageError("--block", "is for --draw");
  if (file !== undefined && !file.endsWith(".svg"))
    throw args.usageError("--draw", "must be a file name that ends in .svg", file);
  return file === undefined ? undefined : { file, block: args.get(block) };
}

function requireAlone(args: Arguments): void {
  const other = [inputSize, untrainedClasses, layers, compiled, draw, backbone].find((option) =>
    args.has(option),
  )?.name;
  if (args.operands.length > 0 || other !== undefined)
    throw args.usageError("--paper", "stands alone: its networks, sizes and classes are those of the paper");
}

async function showModel(
  name: string,
  {
    size,
    count,
    withLayers,
    withRewrites,
    drawing,
  }: {
    size: [number, number];
    count: number | undefined;
    withLayers: boolean;
    withRewrites: boolean;
    drawing: { file: string; block: string | undefined } | undefined;
  },
  print: (text: string) => void,
): Promise<Outcome> {
  const model = isNetwork(name)
    ? undefined
    : (await loadRunnableModel({ model: name, classes: count, dtype: "exact" })).model;
  const { network, classes: names } = model ?? { network: name, classes: undefined };
  const classCount = names?.length ?? count ?? DEFAULT_CLASSES;
  const { layers: rows, ...cost } = countCost({ network, classes: classCount, size });
  const { parameters, parametersByGroup, macs, flops, peakActivationBytes } = cost;

  print(colors.bold(name));
  print(
    formatTable(
      [
        ["network", network],
        ["classes", String(classCount)],
        ["parameters", formatCount(parameters.total)],
        ...(["encoder", "decoder"] as const).flatMap((part) => [
          [`  ${part}`, formatCount(parameters[part])],
          ...Object.entries(groupParameters(rows.filter((row) => row.part === part))).map(
            ([group, values]) => [`    ${group}`, formatCount(values)],
          ),
        ]),
      ],
      "  ",
    ),
  );
  const [height, width] = size;
  print(
    `  ${billions(macs.total)} MACs = ${billions(flops)} FLOPs for one input of ${height}x${width}, ${billions(macs.encoder)} MACs of them in the encoder`,
  );
  const int8 = model && isQuantized(model) ? model.onnx.length : undefined;
  const floats = { float32: 4 * parameters.total, float16: 2 * parameters.total };
  const maps = `at most ${formatBytes(peakActivationBytes)} of feature maps`;
  print(
    int8 !== undefined
      ? `  ${formatBytes(int8)} of int8 weights with their graph; ${maps} in float32, about a quarter in int8`
      : `  ${formatBytes(floats.float32)} of weights (${formatBytes(floats.float16)} in float16) and ${maps}, float32`,
  );
  if (names) print(`  classes: ${names.join(", ")}`);
  if (withLayers) print(formatLayers(rows));
  const stages = withRewrites ? followRewrites({ network, classes: classCount, size }) : undefined;
  if (stages) print(formatStages(stages));
  if (drawing) {
    const { drawNetwork } = await import("../drawing/draw-network.ts");
    const svg = drawNetwork({ network, classes: classCount, size, block: drawing.block });
    await writeFileAtomically(drawing.file, svg);
    print(`  wrote ${drawing.file}`);
  }
  return {
    json: {
      model: name,
      network,
      classes: names ?? classCount,
      parameters: { ...parameters, groups: parametersByGroup },
      macs: macs.total,
      macsByPart: { encoder: macs.encoder, decoder: macs.decoder },
      flops,
      peakActivationBytes,
      weightBytes: int8 === undefined ? floats : { int8 },
      size: { height, width },
      ...(withLayers && { layers: rows }),
      ...(stages && { compiled: stages }),
      ...(drawing && { drawing: drawing.file }),
    },
  };
}

function formatLayers(rows: readonly Layer[]): string {
  const sum = (count: (layer: Layer) => number) => rows.reduce((total, row) => total + count(row), 0);
  const macs = sum((row) => row.macs);
  const header = ["layer", "op", "", "input", "output", "parameters", "MACs", "share"];
  const lines = rows.map((row) => [
    row.name || "-",
    row.op,
    row.detail,
    row.input.slice(1).join("x"),
    row.output.slice(1).join("x"),
    formatCount(row.parameters),
    formatCount(row.macs),
    percent(row.macs / macs),
  ]);
  const total = [
    "sum",
    "",
    "",
    "",
    "",
    formatCount(sum((row) => row.parameters)),
    formatCount(macs),
    "100.0 %",
  ];
  return formatTable([header, ...lines, total], "  ");
}

function formatStages(stages: readonly GraphSize[]): string {
  const header = ["graph for the engine", "weights", "MACs", "nodes"];
  const lines = stages.map(({ stage, weights, macs, nodes }) => [
    stage,
    formatCount(weights),
    formatCount(macs),
    formatCount(nodes),
  ]);
  return formatTable([header, ...lines], "  ");
}

async function list(print: (text: string) => void): Promise<Outcome> {
  const shipped = await listShippedModels();
  const zoo = Object.keys(networks);
  print(["Networks (train them, or give --weights):", ...zoo.map((name) => `  ${name}`)].join("\n"));
  print(`Any backbone under any decoder, as DECODER+BACKBONE:
  decoders: ${Object.keys(decoders).join(", ")}
  backbones: ${Object.keys(backbones).join(", ")}`);
  const lines = shipped.map((name) => `  ${name}${name === DEFAULT_MODEL ? " (default)" : ""}`);
  print(["Shipped models:", ...(lines.length > 0 ? lines : ["  none"])].join("\n"));
  return {
    json: {
      networks: zoo,
      decoders: Object.keys(decoders),
      backbones: Object.keys(backbones),
      models: shipped,
      defaultModel: DEFAULT_MODEL,
    },
  };
}

function billions(count: number): string {
  return `${(count / 1e9).toFixed(2)} G`;
}
