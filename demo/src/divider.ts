/** The handle of the before/after comparison: dragged, or moved by arrow keys, Home and End. */
export function makeDivider(handle: HTMLElement, canvas: HTMLElement, onMove: (share: number) => void): void {
  let share = 0;
  const move = (to: number) => {
    share = Math.min(1, Math.max(0, to));
    place();
    onMove(share);
  };
  const place = () => {
    handle.style.left = `${canvas.offsetLeft + share * canvas.offsetWidth}px`;
    handle.setAttribute("aria-valuenow", String(Math.round(100 * share)));
  };
  handle.addEventListener("pointerdown", (event) => handle.setPointerCapture(event.pointerId));
  handle.addEventListener("pointermove", (event) => {
    if (!handle.hasPointerCapture(event.pointerId)) return;
    const { left, width } = canvas.getBoundingClientRect();
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
  new ResizeObserver(place).observe(canvas);
  place();
}
