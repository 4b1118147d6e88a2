/** Where it stands at first: away from the edge, so that it is seen. */
const START = 0.3;

/**
 * The handle of the before/after comparison: dragged, or moved by arrow keys, Home and End.
 *
 * @returns reads the share of the width that lies before it, 0..1
 */
export function makeDivider(handle: HTMLElement, onMove: () => void): () => number {
  let share = START;
  const place = () => {
    handle.style.left = `${100 * share}%`;
    handle.setAttribute("aria-valuenow", String(Math.round(100 * share)));
  };
  const move = (to: number) => {
    share = Math.min(1, Math.max(0, to));
    place();
    onMove();
  };
  handle.addEventListener("pointerdown", (event) => handle.setPointerCapture(event.pointerId));
  handle.addEventListener("pointermove", (event) => {
    if (!handle.hasPointerCapture(event.pointerId) || !handle.parentElement) return;
    const { left, width } = handle.parentElement.getBoundingClientRect();
    move((event.clientX - left) / width);
  });
  const keys: Record<string, () => number> = {
    ArrowLeft: () => share - 0.05,
    ArrowRight: () => share + 0.05,
    Home: () => 0,
    End: () => 1,
  };
  handle.addEventListener("keydown", (event) => {
    const target = keys[event.key];
    if (!target) return;
    event.preventDefault();
    move(target());
  });
  place();
  return () => share;
}
