/** A source of random numbers, uniform in [0, 1). */
export type Random = () => number;

/** The 32-bit FNV-1a hash of a text's UTF-8 bytes, 0..2^32-1. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/**
 * Derives a seed, 0..2^32-1, from all that a random choice depends on, e.g. `deriveSeed(seed, epoch, index)`.
 *
 * Each sample has its own stream in this way. Its augmentation does not depend on the order of reading or on
 * the number of workers.
 */
export function deriveSeed(...parts: readonly (number | string)[]): number {
  // JSON keeps the parts apart: (1, 23) and (12, 3) are different texts.
  let hash = fnv1a(JSON.stringify(parts));
  // FNV-1a hardly changes the high bits for a change in the last bytes. MurmurHash3's finaliser does.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Creates a generator (mulberry32) whose numbers depend on the seed alone; the seed is taken modulo 2^32. */
export function createRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The numbers 0..n-1 in random order (Fisher-Yates). */
export function shuffled(n: number, random: Random): number[] {
  const order = Array.from({ length: n }, (_, index) => index);
  for (let last = n - 1; last > 0; last--) {
    const pick = Math.floor(random() * (last + 1));
    [order[last], order[pick]] = [order[pick] ?? 0, order[last] ?? 0];
  }
  return order;
}
