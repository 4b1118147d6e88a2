import { countCost } from "../analysis/cost.ts";
import { DEFAULT_MODEL, listShippedModels, loadModel } from "../inference/load-model.ts";
import { networks } from "../models/zoo.ts";
import type { Command } from "./arguments.ts";
import { help, integer, json, size } from "./options.ts";
import { colors, formatTable } from "./output.ts";

const DEFAULT_SIZE: [number, number] = [512, 512];
/** Those of PASCAL VOC, for which papers give their counts. */
const DEFAULT_CLASSES = 21;

const inputSize = size("size", `Height x width of the input in pixels (default ${DEFAULT_SIZE.join("x")})`);
const classes = integer(
  "classes",
  "N",
  { min: 1, max: 255 },
  `Number of classes of a network (default ${DEFAULT_CLASSES}; a trained model has its own)`,
);

export const info: Command = {
  name: "info",
  summary: "Lists networks and shipped models; with MODEL shows its parameters and arithmetic.",
  operands: { name: "[MODEL]", min: 0, max: 1 },
  options: [inputSize, classes, json, help],
  notes: [
    "MODEL is a network, a shipped model or a model file. One multiply-accumulate (MAC) is 2 floating-point operations (FLOPs); many papers print MACs under the name FLOPs.",
  ],
  examples: ["lightseg info", "lightseg info refinenet-lw-mobilenet-v2 --size 625x468 --classes 21"],

  async run(args, print) {
    const name = args.operands[0];
    const size = args.get(inputSize) ?? DEFAULT_SIZE;
    const count = args.get(classes);
    if (name === undefined) return list(print);

    const { network, classes: names } = Object.hasOwn(networks, name)
      ? { network: name, classes: undefined }
      : await loadModel({ model: name, classes: count });
    const classCount = names?.length ?? count ?? DEFAULT_CLASSES;
    const { parameters, macs, flops } = countCost(network, { classes: classCount, size });
    const at = `for one input of ${size.join("x")}`;
    print(colors.bold(name));
    print(
      formatTable(
        [
          ["network", network],
          ["classes", String(classCount)],
          ["parameters", exact(parameters.total)],
          ["  encoder", exact(parameters.encoder)],
          ["  decoder", exact(parameters.decoder)],
        ],
        "  ",
      ),
    );
    print(`  ${billions(macs)} MACs = ${billions(flops)} FLOPs ${at}`);
    if (names) print(`  classes: ${names.join(", ")}`);
    const [height, width] = size;
    return {
      json: {
        model: name,
        network,
        classes: names ?? classCount,
        parameters,
        macs,
        flops,
        size: { height, width },
      },
    };
  },
};

async function list(print: (text: string) => void) {
  const shipped = await listShippedModels();
  const zoo = Object.keys(networks);
  print(["Networks (train them, or give --weights):", ...zoo.map((name) => `  ${name}`)].join("\n"));
  const lines = shipped.map((name) => `  ${name}${name === DEFAULT_MODEL ? " (default)" : ""}`);
  print(["Shipped models:", ...(lines.length > 0 ? lines : ["  none"])].join("\n"));
  return { json: { networks: zoo, models: shipped, defaultModel: DEFAULT_MODEL } };
}

function exact(count: number): string {
  return count.toLocaleString("en");
}

function billions(count: number): string {
  return `${(count / 1e9).toFixed(2)} G`;
}
