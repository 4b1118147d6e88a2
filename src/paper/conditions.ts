import { type Html, html } from "../html/html.ts";

/** Where and how a page was made. */
export interface PaperConditions {
  readonly version: string;
  readonly cpu: string;
  readonly threads: number;
  /** Names of the data sets that were given. */
  readonly data: readonly string[];
  /** Photos of each split that were used at most; all where it is absent. */
  readonly limit?: number | undefined;
  /** Whether accuracies were also averaged over scales and mirror images. */
  readonly multiScale: boolean;
}

/** What stands for folders of data sets in commands. */
export const FOLDERS: Readonly<Record<string, string>> = { voc: "VOC", camvid: "CAMVID" };

/** Lines to type. */
export function command(text: string): Html {
  return html`<pre>${text}</pre>\n`;
}

/** The option of a command, with a space before it; empty where all photos were used. */
export function limitOption({ limit }: Pick<PaperConditions, "limit">): string {
  return limit === undefined ? "" : ` --limit ${limit}`;
}
