import { LightsegError } from "../errors.ts";
import { type Html, html } from "../html/html.ts";
import type { Block } from "../models/block.ts";
import { buildNetwork, type NetworkChoice } from "../models/network.ts";
import { plural } from "../plural.ts";
import { type DiagramNode, describeBlock, foldNetwork } from "./diagram.ts";
import { layOut, type Placement, type Point, type Size } from "./lay-out.ts";

/** Options of `drawNetwork`: the network, its classes, and the size of the input in pixels. */
export type DrawNetworkOptions = NetworkChoice & {
  classes: number;
  size: readonly [height: number, width: number];
  /** The name of a block, whose layers are then drawn instead of the network's blocks. */
  block?: string | undefined;
};

/** Pixels of a line of text, and of an average letter in its bold, plain and fixed-width font. */
const LINE = 17;
const LETTER = { title: 7.6, name: 6.7, numbers: 6.4 } as const;
const PADDING = 12;
const HEADING = 52;
/** Okabe and Ito's color-blind safe palette in light tones, and white for layers outside blocks. */
const FILLS = ["#cfe3f5", "#fde3b8", "#c9ecdd", "#f4d3e5", "#fbf6bf", "#e3d9f5", "#d9ecef", "#f6d5c4"];
const PLAIN = "#ffffff";

/**
 * Draws a network from its graph as SVG, folded into the blocks that the literature names, or one block with
 * all its layers. Each box has the shape that it gives (channels x height x width), its parameters and
 * multiply-accumulates.
 *
 * @throws LightsegError NOT_FOUND for an unknown network or block
 */
export function drawNetwork(options: DrawNetworkOptions): string {
  const { block: blockName, ...choice } = options;
  const { size, classes } = choice;
  const network = buildNetwork({ ...choice, size: [1, ...size] });
  const block = blockName === undefined ? undefined : findBlock(network.blocks, blockName);
  const { nodes, edges } = foldNetwork(network, { block });
  const boxes = nodes.map(measure);
  const placed = layOut(boxes, edges);

  const sum = (count: (node: DiagramNode) => number) => nodes.reduce((total, node) => total + count(node), 0);
  const called = options.network ?? `${options.decoder}+${options.backbone}`;
  const title = block ? `${describeBlock(block)} of ${called}: ${block.name}` : called;
  const facts = `${formatShort(sum((node) => node.parameters))} parameters, ${formatShort(sum((node) => node.macs))} MACs; input ${size.join(" x ")}${block ? "" : `, ${plural(classes, "class", "classes")}`}`;
  const width = Math.max(placed.width, 40 + Math.max(9 * title.length, LETTER.numbers * facts.length));
  const height = placed.height + HEADING;
  const shift = (width - placed.width) / 2;
  return `${html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width)} ${round(height)}" width="${round(width)}" height="${round(height)}" role="img" aria-label="${title}" font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="12" fill="#1b1f24">
<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z" fill="#59636e"/></marker>
<rect width="100%" height="100%" fill="#fff"/>
<text x="20" y="28" font-size="16" font-weight="bold">${title}</text>
<text x="20" y="46" fill="#59636e">${facts}</text>
<g transform="translate(${round(shift)} ${HEADING})">
${drawLines(placed)}${drawBoxes(nodes, boxes, placed)}</g>
</svg>
`}`;
}

function findBlock(blocks: readonly Block[], name: string): Block {
  const block = blocks.find((each) => each.name === name);
  if (block) return block;
  throw new LightsegError({
    code: "NOT_FOUND",
    where: "drawNetwork",
    argument: "block",
    rule: "must be a block of the network",
    value: name,
    hint: `known: ${blocks.map((each) => each.name).join(", ")}`,
  });
}

/** The lines of a box. */
function textsOf({ title, name, shape, parameters, macs }: DiagramNode) {
  const counts = [
    ...(parameters > 0 ? [`${formatShort(parameters)} parameters`] : []),
    ...(macs > 0 ? [`${formatShort(macs)} MACs`] : []),
  ];
  return { title, name, shape: shape.join(" × "), counts: counts.join(", ") };
}

function measure(node: DiagramNode): Size {
  const { title, name, shape, counts } = textsOf(node);
  const widths = [
    LETTER.title * title.length,
    LETTER.name * name.length,
    LETTER.numbers * Math.max(shape.length, counts.length),
  ];
  const lines = [title, name, shape, counts].filter((line) => line !== "").length;
  return { width: Math.max(...widths) + 2 * PADDING, height: lines * LINE + PADDING };
}

function drawBoxes(nodes: readonly DiagramNode[], boxes: readonly Size[], { centers }: Placement): Html[] {
  const kinds = [...new Set(nodes.flatMap(({ kind }) => (kind === undefined ? [] : [kind])))];
  return nodes.map((node, index) => {
    const { width = 0, height = 0 } = boxes[index] ?? {};
    const { x = 0, y = 0 } = centers[index] ?? {};
    const [left, top] = [round(x - width / 2), round(y - height / 2)];
    const fill = node.kind === undefined ? PLAIN : (FILLS[kinds.indexOf(node.kind) % FILLS.length] ?? PLAIN);
    const { title, name, shape, counts } = textsOf(node);
    const looks = [
      { text: title, look: "font-weight:bold" },
      { text: name, look: "font-family:ui-monospace,'DejaVu Sans Mono',monospace;font-size:11px" },
      { text: shape, look: "" },
      { text: counts, look: "" },
    ].filter(({ text }) => text !== "");
    const texts = looks.map(
      ({ text, look }, line) =>
        html`<text x="${round(x)}" y="${round(y - height / 2 + PADDING / 2 + (line + 0.75) * LINE)}" text-anchor="middle" style="${look}">${text}</text>\n`,
    );
    return html`<rect x="${left}" y="${top}" width="${round(width)}" height="${round(height)}" rx="6" fill="${fill}" stroke="#59636e"/>\n${texts}`;
  });
}

function drawLines({ lines }: Placement): Html[] {
  return lines.map((points) => {
    return html`<path d="${curve(points)}" fill="none" stroke="#59636e" stroke-width="1.4" marker-end="url(#head)"/>\n`;
  });
}

/** A smooth line: between the first and the last piece, curves from the middle of a piece to the next. */
function curve(points: readonly Point[]): string {
  const [start = { x: 0, y: 0 }, ...rest] = points;
  const pieces = rest.slice(0, -1).map((point, index) => {
    const next = rest[index + 1] ?? point;
    return `Q${at(point)} ${at({ x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 })}`;
  });
  return `M${at(start)}${pieces.join("")}L${at(rest.at(-1) ?? start)}`;
}

function at({ x, y }: Point): string {
  return `${round(x)} ${round(y)}`;
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}

/** A count in three digits: `812`, `2.36 M`, `9.14 G`. */
function formatShort(count: number): string {
  const [unit, size] =
    count >= 1e9 ? ["G", 1e9] : count >= 1e6 ? ["M", 1e6] : count >= 1e4 ? ["k", 1e3] : ["", 1];
  return unit === "" ? String(count) : `${(count / size).toPrecision(3)} ${unit}`;
}
