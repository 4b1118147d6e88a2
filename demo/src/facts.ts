import type { Segmenter, Timing } from "../../src/web.ts";
import { element, part } from "./page.ts";

/** Says where a model runs, in plain words; the library's own are in the title. */
export async function showFacts(
  { device, deviceNote, budgetNote, dtype }: Segmenter,
  asked: string,
): Promise<void> {
  const place =
    device === "webgpu" ? "Running on the GPU" : `Running on the CPU: ${await whyCpu(asked, dtype)}`;
  const facts = part("facts", HTMLElement);
  const budget =
    budgetNote === undefined ? "" : ` ${budgetNote.slice(0, 1).toUpperCase()}${budgetNote.slice(1)}.`;
  facts.textContent = `${place}.${budget}`;
  facts.title = `${dtype}. ${deviceNote}.`;
}

async function whyCpu(asked: string, dtype: string): Promise<string> {
  if (asked === "wasm") return "you asked for it";
  if (dtype === "int8") return "int8 runs there alone";
  // Browsers without WebGPU have no `navigator.gpu`, against the type.
  const gpu: GPU | undefined = navigator.gpu;
  if (!gpu) return "this browser has no WebGPU";
  const adapter = await gpu.requestAdapter().catch(() => null);
  return !adapter || adapter.info.isFallbackAdapter
    ? "no GPU found"
    : "the GPU does not give the right answer";
}

/** @param rate frames a second, for videos */
export function showTiming(timing: Timing, rate?: number): void {
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  const rows: [string, string][] = [
    ["before the network", ms(timing.preprocess)],
    [timing.warmUp ? "network, first time" : "network", ms(timing.inference)],
    ["after it", ms(timing.postprocess)],
    ...(rate === undefined ? [] : [["frames a second", rate.toFixed(1)] satisfies [string, string]]),
  ];
  const cells = rows.flatMap(([name, value]) => [element("dt", name), element("dd", value)]);
  part("timing", HTMLElement).replaceChildren(...cells);
}

export function clearTiming(): void {
  part("timing", HTMLElement).replaceChildren();
}
