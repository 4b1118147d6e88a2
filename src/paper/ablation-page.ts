import { renderSection, renderTable } from "../html/elements.ts";
import { formatPercent } from "../html/format.ts";
import { type Html, html } from "../html/html.ts";
import { renderLineChart } from "../report/line-chart.ts";
import { ABLATION_SIZE, type Ablation } from "./ablation.ts";
import { command } from "./conditions.ts";
import type { PaperMeasurements } from "./measure.ts";
import { ABSENT } from "./tables.ts";

/** Networks that differ in a part, trained at equal budget: RCU, CRP and 3x3, NDNet's depth, FRM's parts. */
export function renderAblations({ ablations }: PaperMeasurements): Html {
  const published = html`<p>Published, in words: without RCUs RefineNet is as accurate, without CRP it is not (Sec. 3.3), and 1x1 convolutions do as well as 3x3 in both (Sec. 3.2). NDNet grows deeper and narrower at once; FRM adds a refinement module and a contrastive loss to VAN.</p>\n`;
  const tables = ablations.length > 0 ? ablations.map(renderAblation) : html`<p>Ours: ${ABSENT}.</p>\n`;
  const line = command(
    "npx tsx bench/ablation.ts --study refinenet --dataset voc --data VOC --out runs/ablation\nlightseg paper --ablation runs/ablation",
  );
  return renderSection("Ablations at equal budget", html`${published}${tables}${line}`);
}

function renderAblation({ dataset, budget, rows }: Ablation): Html {
  const table = renderTable({
    caption: `${dataset}: ${budget}. Parameters in millions, multiply-accumulates in billions at ${ABLATION_SIZE.join(" x ")}, mean IoU on validation photos`,
    numeric: true,
    head: ["network", "parameters", "MACs", "best mIoU", "last"],
    rows: rows.map(({ network, parameters, macs, miou, last }) => [
      ...[network, (parameters / 1e6).toFixed(2), (macs / 1e9).toFixed(2)],
      ...[formatPercent(miou), formatPercent(last)],
    ]),
  });
  const chart = renderLineChart({
    title: `Mean IoU on ${dataset}`,
    yLabel: "mean IoU",
    series: rows.map(({ network, curve }) => ({
      name: network,
      points: curve.map(({ step, miou }) => [step, miou] as const),
    })),
    steps: Math.max(...rows.map(({ steps }) => steps)),
    formatY: (value) => formatPercent(value),
  });
  return html`<div class="grid" style="margin-top: 1rem"><div>${table}</div>${chart}</div>\n`;
}
