/**
 * The pixels of one label as COCO's compressed run-length encoding, which `pycocotools.mask.decode({ size:
 * [H, W], counts })` reads.
 *
 * Runs of pixels outside and inside in turns, column by column, starting outside; each is written as its
 * difference from the run two before, from the fourth on, in groups of five bits of which the lowest come
 * first, as characters from `0` (48) on.
 *
 * Reference: rleToString in https://github.com/cocodataset/cocoapi/blob/master/common/maskApi.c
 */
export function encodeRunLengths(
  labels: Uint8Array,
  { width, height, label }: { width: number; height: number; label: number },
): string {
  const runs: number[] = [];
  let inside = false;
  let run = 0;
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      if ((labels[y * width + x] === label) !== inside) {
        runs.push(run);
        run = 0;
        inside = !inside;
      }
      run++;
    }
  }
  runs.push(run);
  return runs
    .map((length, index) => encodeNumber(index > 2 ? length - (runs[index - 2] ?? 0) : length))
    .join("");
}

function encodeNumber(value: number): string {
  let text = "";
  let rest = value;
  let more = true;
  while (more) {
    const group = rest & 31;
    rest >>= 5;
    // The fifth bit is the sign of what follows.
    more = group & 16 ? rest !== -1 : rest !== 0;
    text += String.fromCharCode(48 + (more ? group | 32 : group));
  }
  return text;
}
