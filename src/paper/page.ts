import { comparePaper, paperConditions } from "../analysis/paper.ts";
import { publishedAccuracies, publishedProbes } from "../analysis/paper-accuracy.ts";
import { compareRelatives } from "../analysis/relatives.ts";
import { drawNetwork } from "../drawing/draw-network.ts";
import { renderSection, renderTable } from "../html/elements.ts";
import { formatPercent } from "../html/format.ts";
import { type Html, html } from "../html/html.ts";
import { renderPage } from "../html/page.ts";
import { plural } from "../plural.ts";
import { renderAblations } from "./ablation-page.ts";
import { renderRows } from "./compare.ts";
import { command, FOLDERS, limitOption, type PaperConditions } from "./conditions.ts";
import { FIELD, FIELD_MAPS, MODELS, type PaperMeasurements, PROBED_MAPS, STUDIED } from "./measure.ts";
import { describeTheoretical, renderFieldMaps } from "./receptive-field-page.ts";
import { ABSENT, renderRelatives, renderTables } from "./tables.ts";

/** Drawings of Figure 1: networks, and the blocks of the original and the light-weight form. */
const DRAWINGS = [
  { network: "refinenet-lw-101", block: undefined, caption: "(a) RefineNet-LW-101" },
  { network: "refinenet-101", block: "adapt_stage1_b", caption: "(b) RCU, two of them" },
  { network: "refinenet-101", block: "mflow_conv_g1_pool", caption: "(c) CRP, four links" },
  { network: "refinenet-101", block: "fusion2", caption: "(d) fusion" },
  { network: "refinenet-lw-rcu-101", block: "adapt_stage1_b", caption: "(e) light-weight RCU, two of them" },
  { network: "refinenet-lw-101", block: "mflow_conv_g1_pool", caption: "(f) light-weight CRP, four links" },
  { network: "refinenet-lw-101", block: "fusion2", caption: "(g) light-weight fusion" },
] as const;

/** The tables and figures of the papers beside what this code gives, as one page that loads nothing. */
export async function renderPaper(measured: PaperMeasurements, conditions: PaperConditions): Promise<string> {
  const { version, cpu, threads, data } = conditions;
  const title = "Light-Weight RefineNet, table by table";
  const body = html`<h1>${title}</h1>
<p>What Nekrasov, Shen and Reid publish (BMVC 2018), and NDNet and FRM, beside what this code gives. Weights of the authors are lost; where neither weights nor data are at hand it says ${ABSENT}.</p>
<p class="dim">lightseg ${version}, ${plural(threads, "thread")} of ${cpu}; data at hand: ${data.length > 0 ? data.join(", ") : "none"}; networks in float32. Commands have capitals in the place of folders. Made by:</p>
${command(wholeCommand(measured, conditions))}${renderTables(measured, conditions)}${renderFigure1()}${await renderFigure2(measured)}${await renderFigure3(measured)}${renderTable4(measured, conditions)}${renderAblations(measured)}${renderRelatives(measured, conditions)}`;
  return renderPage({ title, body });
}

function wholeCommand(measured: PaperMeasurements, conditions: PaperConditions): string {
  const { data, threads, multiScale } = conditions;
  return [
    "lightseg paper",
    ...data.map((name) => `--data ${name}=${FOLDERS[name] ?? "DIR"}`),
    ...(measured.comparison ? ["--photos PHOTOS"] : []),
    ...measured.ablations.map(() => "--ablation RUNS"),
    ...(measured.times ? ["--times"] : []),
    ...(multiScale ? ["--multi-scale"] : []),
    `--threads ${threads}${limitOption(conditions)}`,
  ].join(" ");
}

function renderFigure1(): Html {
  const [whole, ...blocks] = DRAWINGS.map(({ network, block, caption }) => {
    const svg = drawNetwork({ network, block, ...paperConditions });
    const uri = `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
    const width = Number(/ width="([\d.]+)"/.exec(svg)?.[1] ?? 0);
    // A whole network is scrolled on a phone; shrunk to its width nobody could read it.
    const limit = block === undefined ? "none" : "100%";
    return html`<figure class="card"><figcaption>${caption}</figcaption><div class="scroll" role="region" tabindex="0" aria-label="${caption}"><img src="${uri}" alt="${caption}" style="width: ${width}px; max-width: ${limit}"></div></figure>\n`;
  });
  return renderSection(
    "Figure 1: networks and blocks, drawn from their graphs",
    html`${whole}<div class="grid" style="margin-top: 1rem">${blocks}</div>
${command("lightseg info refinenet-lw-101 --draw net.svg\nlightseg info refinenet-101 --draw rcu.svg --block adapt_stage1_b")}`,
  );
}

async function renderFigure2({ comparison }: PaperMeasurements): Promise<Html> {
  const rows = comparison
    ? await renderRows(comparison)
    : html`<p>Not drawn here: no photos were given.</p>\n`;
  const note = html`<p class="dim">The paper has RefineNet-101 and five light-weight networks on photos of PASCAL VOC; here are the shipped models. camvid and camvid-ndnet45 know street scenes alone.</p>\n`;
  return renderSection(
    "Figure 2: visual results",
    html`${note}${rows}${command(`lightseg compare ${MODELS.map(({ model }) => model).join(" ")} --photos PHOTOS${limitOption({ limit: comparison?.rows.length })}`)}`,
  );
}

async function renderFigure3({ receptiveFields }: PaperMeasurements): Promise<Html> {
  const line = command(
    `lightseg receptive-field ${STUDIED.model} ${FIELD_MAPS.map(({ at }) => `--at ${at}`).join(" ")} --dataset voc --data ${FOLDERS.voc} --step ${FIELD.step} --limit ${receptiveFields?.photos ?? FIELD.photos} --out field.html`,
  );
  const published = html`<p>Published, in words: before CRP it is concentrated around small object parts and barely covers the objects; CRP enlarges it; the summation with lower features enlarges it further (RefineNet-LW-101).</p>\n`;
  if (!receptiveFields)
    return renderSection("Figure 3: receptive field", html`${published}<p>Ours: ${ABSENT}.</p>\n${line}`);
  const { photos, studies } = receptiveFields;
  const table = renderTable({
    caption: `${STUDIED.model} (RefineNet-LW-MobileNet-v2), ${plural(photos, "photo")} of 224 x 224; sides in pixels, above 4.55 % of the largest influence`,
    numeric: true,
    head: ["place", "map", "theoretical", "effective (gradients)", "empirical (occluders)"],
    rows: studies.map((study) => [
      study.place,
      study.at,
      describeTheoretical(study),
      study.effective.side.toFixed(0),
      study.empirical.side.toFixed(0),
    ]),
  });
  const maps: Html[] = [];
  for (const study of studies) maps.push(html`<h3>${study.at}</h3>\n${await renderFieldMaps(study)}`);
  return renderSection("Figure 3: receptive field", html`${published}${table}${maps}${line}`);
}

function renderTable4({ probes }: PaperMeasurements, conditions: PaperConditions): Html {
  const published = renderTable({
    caption: "Published: heads on the lowest-resolution block of RefineNet-101, VOC val, per cent",
    numeric: true,
    head: ["place", "mIoU", "accuracy"],
    rows: publishedProbes.map(({ place, miou, accuracy }) => [place, miou.toFixed(2), accuracy.toFixed(2)]),
  });
  const ours = probes?.map(({ model, network, train, val, maps }) =>
    renderTable({
      caption: `Ours: heads on ${model === undefined ? `${network} of the ablation below` : `${model} (${network})`}, trained on ${plural(train, "photo")}, measured on ${val}`,
      numeric: true,
      head: ["place", "map", "mIoU", "accuracy"],
      rows: maps.map(({ place, at, miou, accuracy }) => [
        ...[place, at],
        ...[formatPercent(miou, 2), formatPercent(accuracy, 2)],
      ]),
    }),
  );
  const withRcu = (probes ?? []).some(({ maps }) => maps.some(({ at }) => at === publishedProbes[0].at));
  const line = (network: string, places: readonly { readonly at: string }[]) =>
    `lightseg probe ${network} ${places.map(({ at }) => `--at ${at}`).join(" ")} --dataset voc --data ${FOLDERS.voc}${limitOption(conditions)}`;
  const networkWithRcu = withRcu ? "RUN/best.safetensors" : "refinenet-lw-rcu-101 --weights FILE";
  const lines = [line(STUDIED.model, PROBED_MAPS), line(networkWithRcu, publishedProbes)];
  const rcu = html`<p class="dim">Before and after RCU: ${ABSENT}, since no network with RCUs is at hand that was trained.</p>\n`;
  return renderSection(
    "Table 4: what CRP and RCU hold",
    html`${published}${ours ?? html`<p>Ours: ${ABSENT}.</p>\n`}${withRcu ? undefined : rcu}${command(lines.join("\n"))}`,
  );
}

/** The measurements and published numbers, for programs. */
export function describePaper(measured: PaperMeasurements, conditions: PaperConditions) {
  const { accuracies, receptiveFields, probes, comparison, ablations, times } = measured;
  return {
    conditions,
    costs: comparePaper(),
    relatives: compareRelatives(),
    published: { accuracies: publishedAccuracies, probes: publishedProbes },
    measured: {
      accuracies,
      comparison: comparison
        ? { columns: comparison.columns, photos: comparison.rows.map(({ id }) => id) }
        : null,
      receptiveFields: receptiveFields
        ? receptiveFields.studies.map(({ at, effective, empirical, theoretical: { rows, columns } }) => ({
            at,
            photos: receptiveFields.photos,
            theoretical: { rows, columns },
            effective: effective.side,
            empirical: empirical.side,
          }))
        : null,
      probes: probes ?? null,
      ablations: ablations.map(({ rows, ...rest }) => ({
        ...rest,
        rows: rows.map(({ weights: _, ...row }) => row),
      })),
      times: times ?? null,
    },
  };
}
