/** A share 0..1 as `51.2 %`; what is there but would be rounded to nothing is `<0.1 %`. */
export function percent(share: number, digits = 1): string {
  const text = (100 * share).toFixed(digits);
  const isTrace = share > 0 && Number(text) === 0;
  return `${isTrace ? `<${(10 ** -digits).toFixed(digits)}` : text} %`;
}
