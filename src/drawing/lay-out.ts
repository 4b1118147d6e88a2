import { Graph, layout } from "@dagrejs/dagre";

/** Width and height of a box, in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where boxes and lines lie, in pixels from the top left corner. */
export interface Placement extends Size {
  /** The center of each box. */
  readonly centers: readonly Point[];
  /** The points of each line, from the edge of a box to that of the next. */
  readonly lines: readonly (readonly Point[])[];
}

const MARGIN = 20;

/** Lays boxes out in layers from top to bottom (Sugiyama's method), with few crossings. */
export function layOut(
  boxes: readonly Size[],
  edges: readonly (readonly [from: number, to: number])[],
): Placement {
  const graph = new Graph<{ width?: number; height?: number }, Size & Partial<Point>, { points?: Point[] }>();
  graph.setGraph({ rankdir: "TB", nodesep: 28, edgesep: 14, ranksep: 30, marginx: MARGIN, marginy: MARGIN });
  for (const [index, { width, height }] of boxes.entries()) graph.setNode(String(index), { width, height });
  for (const [from, to] of edges) graph.setEdge(String(from), String(to), {});
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  const lines = edges.map(([from, to]) => graph.edge(String(from), String(to)).points ?? []);
  // dagre's width is that of the boxes; lines may bend around them.
  const bends = lines.flat().map(({ x }) => x);
  const left = Math.min(0, ...bends.map((x) => x - MARGIN));
  const right = Math.max(width, ...bends.map((x) => x + MARGIN));
  const move = ({ x = 0, y = 0 }: Partial<Point>) => ({ x: x - left, y });
  return {
    width: right - left,
    height,
    centers: boxes.map((_, index) => move(graph.node(String(index)))),
    lines: lines.map((points) => points.map(move)),
  };
}
