/** Tables 1 to 3 of Light-Weight RefineNet, and those of NDNet and FRM: cost, times and accuracies. */

import type { Times } from "../analysis/benchmark.ts";
import { comparePaper, countingRule, paperConditions, publishedRuntime } from "../analysis/paper.ts";
import { type PublishedAccuracy, publishedAccuracies } from "../analysis/paper-accuracy.ts";
import { cityscapesConditions, compareRelatives } from "../analysis/relatives.ts";
import { renderSection, renderTable } from "../html/elements.ts";
import { formatCount, formatPercent } from "../html/format.ts";
import { type Html, type HtmlPart, html } from "../html/html.ts";
import { plural } from "../plural.ts";
import { command, FOLDERS, limitOption, type PaperConditions } from "./conditions.ts";
import { type MeasuredAccuracy, MODELS, type PaperMeasurements, SCALES, TIMED } from "./measure.ts";

/** What stands where neither weights nor data were at hand. */
export const ABSENT = "not measured here";

/** How a shipped model is measured on a data set; over several scales too where that was done. */
function evaluateLines(model: string, dataset: string, conditions: PaperConditions): string[] {
  const line = `lightseg evaluate --model ${model} --dataset ${dataset} --data ${FOLDERS[dataset]} --device cpu${limitOption(conditions)}`;
  return conditions.multiScale ? [line, `${line} --scales ${SCALES.join(",")} --flip`] : [line];
}

/** How networks are timed, as where times were taken. */
function benchmarkLine(networks: string, { threads }: PaperConditions): string {
  const { runs, warmup, device } = TIMED;
  return `lightseg benchmark ${networks} --runs ${runs} --warmup ${warmup} --device ${device} --threads ${threads}`;
}

/** Tables 1 to 3. */
export function renderTables(measured: PaperMeasurements, conditions: PaperConditions): Html {
  const rows = comparePaper();
  const costs = (table: 1 | 3) => {
    const own = rows.filter((row) => row.table === table);
    const withParameters = own.some(({ parameters }) => parameters);
    return renderTable({
      caption: `${withParameters ? "Parameters in millions, operations" : "Operations"} in billions at ${paperConditions.size.join(" x ")}, counted as ${countingRule}`,
      numeric: true,
      head: ["network", ...(withParameters ? ["parameters", "ours"] : []), "operations", "ours"],
      rows: own.map(({ network, parameters, operations }) => [
        network,
        ...(parameters ? [parameters.published, parameters.ours.toFixed(2)] : []),
        ...(operations ? [operations.published, operations.ours.toFixed(2)] : []),
      ]),
    });
  };
  const runtimes = renderTable({
    caption: `Parameters in millions; milliseconds at ${publishedRuntime.size.join(" x ")} on ${publishedRuntime.device}${measured.times ? ", and here" : ""}`,
    numeric: true,
    head: ["network", "parameters", "ours", "runtime", ...(measured.times ? ["here"] : [])],
    rows: rows
      .filter((row) => row.table === 2)
      .map(({ network, parameters, runtime }) => [
        network,
        parameters?.published ?? "–",
        parameters?.ours.toFixed(2) ?? "–",
        runtime?.map((value) => value.toFixed(2)).join(" ± ") ?? "–",
        ...timesOf(network, measured).map(
          ({ mean, deviation }) => `${mean.toFixed(0)} ± ${deviation.toFixed(0)}`,
        ),
      ]),
  });
  return html`${renderSection("Table 1: cost", html`${costs(1)}${command("lightseg info --paper")}`)}${renderSection(
    "Table 2: NYUDv2 and Person-Part",
    html`${runtimes}${renderAccuracies(2, measured)}${command(`lightseg info --paper\n${benchmarkLine("--paper", conditions)}\nlightseg evaluate --model MODEL --dataset nyudv2 --data NYUDV2`)}`,
  )}${renderSection(
    "Table 3: PASCAL VOC",
    html`${costs(3)}${renderAccuracies(3, measured)}${command(evaluateLines("voc", "voc", conditions).join("\n"))}`,
  )}`;
}

/** How long a network's forward pass took here: one entry, or none where no times were taken. */
function timesOf(network: string, { times = [] }: PaperMeasurements): Times[] {
  return times.filter((each) => each.network === network).map(({ forward }) => forward);
}

function renderAccuracies(table: PublishedAccuracy["table"], { accuracies }: PaperMeasurements): Html {
  const rows = publishedAccuracies
    .filter((row) => row.table === table)
    .flatMap(({ network, dataset, split, miou, conditions }): HtmlPart[][] => {
      const own = accuracies.filter(
        (each) => each.network === network && each.dataset === dataset && each.split === split,
      );
      const published = [
        network,
        `${dataset} ${split}`,
        `${miou.toFixed(1)}${conditions ? ` (${conditions})` : ""}`,
      ];
      if (own.length === 0) return [[...published, ABSENT, ""]];
      return own.map((each) => [...published, (100 * each.miou).toFixed(1), describeOwn(each)]);
    });
  return renderTable({
    caption: "Mean IoU in per cent",
    numeric: true,
    head: ["network", "data", "published", "ours", "by"],
    rows,
  });
}

function describeOwn({ model, ...measured }: MeasuredAccuracy): string {
  return `${model}, ${describePhotos(measured)}`;
}

function describePhotos({
  photos,
  trainedPhotos,
  views,
}: Pick<MeasuredAccuracy, "photos" | "trainedPhotos" | "views">): string {
  const trained = trainedPhotos > 0 ? `, ${trainedPhotos} of them trained on` : "";
  return `${plural(photos, "photo")}${trained}, ${views}`;
}

/** What NDNet and FRM publish, and what was trained here. */
export function renderRelatives(measured: PaperMeasurements, conditions: PaperConditions): Html {
  const { size, classes } = cityscapesConditions;
  const relatives = compareRelatives();
  const costs = renderTable({
    caption: `Parameters with the auxiliary head, operations in billions at ${size.join(" x ")}, ${classes} classes`,
    numeric: true,
    head: [
      ...["network", "parameters", "ours", "operations", "ours"],
      ...(measured.times ? ["frames a second here"] : []),
    ],
    rows: relatives.map(({ network, parameters, operations }) => [
      network,
      parameters ? formatCount(parameters.published) : "–",
      parameters ? formatCount(parameters.ours) : "–",
      operations.published,
      operations.ours.toFixed(2),
      ...timesOf(network, measured).map(({ mean }) => (1000 / mean).toFixed(1)),
    ]),
  });
  const timed = `${relatives.map(({ network }) => network).join(" ")} --size ${size.join("x")}`;
  const lines = [
    "lightseg info --paper",
    benchmarkLine(timed, conditions),
    ...MODELS.filter(({ dataset }) => dataset === "camvid").flatMap(({ model, dataset }) =>
      evaluateLines(model, dataset, conditions),
    ),
  ];
  const camvid = measured.accuracies.filter(({ dataset }) => dataset === "camvid");
  const ours =
    camvid.length > 0
      ? renderTable({
          caption: "Trained here, on CamVid; the papers publish no such row that is known",
          head: ["model", "network", "data", "mIoU"],
          rows: camvid.map(({ model, network, split, miou, ...measured }) => [
            model,
            network,
            `camvid ${split}, ${describePhotos(measured)}`,
            formatPercent(miou),
          ]),
        })
      : html`<p>CamVid: ${ABSENT}.</p>\n`;
  return renderSection(
    "NDNet and FRM",
    html`${costs}${renderAccuracies("NDNet", measured)}${renderAccuracies("FRM", measured)}${ours}${command(lines.join("\n"))}`,
  );
}
