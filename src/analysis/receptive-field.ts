import { joinRegions, type Region } from "../graph/region.ts";
import { collect, type Tensor } from "../graph/tensor.ts";

/** A place of a feature map. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

/**
 * The theoretical receptive field of a unit: the pixels of the photo that its value can depend on, by the
 * windows of all ops between. It may reach beyond the photo, into the padding.
 *
 * @param map a map `[N, C, h, w]` of a graph that was built for a fixed size
 * @param image the photo, `[N, 3, H, W]`, that the map depends on
 * @returns the rectangle around these pixels; without ends where the unit depends on every pixel, whatever
 *   the size, as behind global pooling
 */
export function receptiveField(map: Tensor, image: Tensor, { row, column }: Place): Region {
  const regions = new Map<Tensor, Region>([[map, { rows: [row, row], columns: [column, column] }]]);
  for (const tensor of collect([map]).reverse()) {
    const region = regions.get(tensor);
    if (!region || tensor.leaf) continue;
    const read = tensor.reads(region);
    for (const [index, input] of tensor.inputs.entries()) {
      const here = read[index];
      const before = regions.get(input);
      if (here) regions.set(input, before ? joinRegions(before, here) : here);
    }
  }
  const field = regions.get(image);
  if (!field) throw new RangeError("the map does not depend on the photo");
  return field;
}
