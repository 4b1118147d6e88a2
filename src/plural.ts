/**
 * A count and what is counted: `1 photo`, `2 photos`, `0 classes`.
 *
 * @param many what several are called; with an s by default
 */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
