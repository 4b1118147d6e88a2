import { buildNetwork } from "../../models/network.ts";
import { createRandom } from "../../random.ts";
import type { OpenSession } from "../../runtime/session.ts";
import { computeFeatures } from "../../teaching/features.ts";
import type { TeachingBase } from "../../teaching/options.ts";
import { splitAtEncoder } from "../../teaching/split.ts";
import { requireAlike } from "../compare-answers.ts";

const [HEIGHT, WIDTH] = [48, 64];

/**
 * Checks that two engines compute the same feature maps of a base's encoder from a small picture of noise.
 *
 * Some drivers and some kernels of GPUs give wrong numbers without an error.
 *
 * @throws LightsegError RUNTIME if a map differs by more than 2 % (root mean square, relative)
 */
export async function compareFeatures(
  { network, weights }: TeachingBase,
  engine: OpenSession,
  reference: OpenSession,
): Promise<void> {
  const size = [1, HEIGHT, WIDTH] as const;
  const { features } = splitAtEncoder(buildNetwork({ network, classes: 2, size }));
  const random = createRandom(0);
  const data = Float32Array.from({ length: 3 * HEIGHT * WIDTH }, () => 4 * random() - 2);
  const target = { data: new Int32Array(HEIGHT * WIDTH), shape: size };
  const compute = async (open: OpenSession) => {
    const take = async () => ({ image: { data: data.slice(), shape: [1, 3, HEIGHT, WIDTH] }, target });
    const [maps] = await computeFeatures(features, weights, { take, count: 1, engine: { open } });
    return maps ?? { target };
  };
  const expected = await compute(reference);
  const found = await compute(engine);
  for (const name of features.keys())
    requireAlike(found[name]?.data ?? [], expected[name]?.data ?? new Float32Array(), {
      where: "fineTune",
      what: "feature maps",
    });
}
