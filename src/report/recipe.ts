import { renderTable } from "../html/elements.ts";
import { type Html, html } from "../html/html.ts";
import type { Run } from "../runs/read-run.ts";
import type { TrainingConfig } from "../training/config.ts";

/** All settings of a run. */
export function renderRecipe({ config }: Run): Html {
  return renderTable({
    caption: "config.json: every setting, those that were left out at their defaults",
    head: ["setting", "value"],
    rows: [...listSettings(config)],
  });
}

/** The settings in which runs differ. */
export function renderRecipeDifferences(runs: readonly Run[], names: readonly string[]): Html {
  const settings = runs.map(({ config }) => listSettings(config));
  const keys = [...new Set(settings.flatMap((own) => [...own.keys()]))];
  const rows = keys
    .map((key) => [key, ...settings.map((own) => own.get(key) ?? "–")])
    .filter(([, ...values]) => new Set(values).size > 1);
  if (rows.length === 0) return html`<p>The runs have the same settings.</p>`;
  return renderTable({ caption: "The settings that differ", head: ["setting", ...names], rows });
}

/** Versions and machine, and how to do the run again. */
export function renderOrigin({ origin, name }: Run): Html {
  const command = `lightseg train --config config.json --run ${quote(`../${name}-again`)}`;
  return html`${renderTable({
    caption: "origin.json: what the run began with",
    head: ["what", "value"],
    rows: Object.entries(origin).map(([key, value]) => [key, showValue(value)]),
  })}
<p>To repeat the run, in its folder:</p>
<pre><code>${command}</code></pre>
<p class="dim">The weights come out the same, bit for bit, on the same machine with the same version, data and number of threads.</p>
`;
}

/** Settings by name as texts; a training in stages has one text for each. */
function listSettings({ stages, ...settings }: TrainingConfig): Map<string, string> {
  const texts = new Map(Object.entries(settings).map(([name, value]) => [name, showValue(value)]));
  const isPlain = stages.every((own) => Object.keys(own).length === 0) && stages.length === 1;
  if (!isPlain) for (const [i, own] of stages.entries()) texts.set(`stage ${i + 1}`, showValue(own));
  return texts;
}

function showValue(value: unknown): string {
  if (value === null || value === undefined) return "–";
  return typeof value === "string" ? value : JSON.stringify(value).replaceAll(/([,:])(?=\S)/g, "$1 ");
}

/** A word of a command for a POSIX shell. */
export function quote(text: string): string {
  return /^[\w./+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
