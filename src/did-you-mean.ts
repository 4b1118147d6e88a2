/**
 * `did you mean camvid?`, where a word is a known one but for capitals and one or two typing errors, in fewer
 * than half of its letters; else an empty text.
 */
export function didYouMean(word: string, known: readonly string[]): string {
  for (const errors of [0, 1, 2]) {
    const isMeant = (name: string) =>
      2 * errors < name.length && isWithin(errors, word.toLowerCase(), name.toLowerCase());
    const meant = known.find(isMeant);
    if (meant !== undefined) return `did you mean ${meant}?`;
  }
  return "";
}

/** Whether so many letters left out, added, replaced or swapped with the next make one text the other. */
function isWithin(errors: number, a: string, b: string): boolean {
  if (errors < 0 || Math.abs(a.length - b.length) > errors) return false;
  if (a === b) return true;
  if (a[0] === b[0]) return isWithin(errors, a.slice(1), b.slice(1));
  const isSwapped = a[0] === b[1] && a[1] === b[0];
  return (
    isWithin(errors - 1, a.slice(1), b) ||
    isWithin(errors - 1, a, b.slice(1)) ||
    isWithin(errors - 1, a.slice(1), b.slice(1)) ||
    (isSwapped && isWithin(errors - 1, a.slice(2), b.slice(2)))
  );
}
