import { describe, expect, it } from "vitest";
import { findFaults } from "../../src/report/faults.ts";
import { readMarkup, textOf, textsOf } from "../html/read-markup.ts";
import { evaluation, type RunFiles, runOf } from "./run-files.ts";

const faultsOf = (files: RunFiles, changes = {}) => findFaults({ ...runOf(files), ...changes });
const sentencesOf = (files: RunFiles, changes = {}) =>
  faultsOf(files, changes).map((fault) => textOf(readMarkup(fault)));
const collapsed = {
  ...evaluation,
  confusion: [
    [0, 8],
    [0, 2],
  ],
};
/** 90 steps of one loss, then 10 of another. */
const grown = (last: number) => [...new Array<number>(90).fill(1), ...new Array<number>(10).fill(last)];

describe("findFaults", () => {
  it("finds none in a run that learns, and in one that has not begun", () => {
    expect(sentencesOf({ losses: grown(0.5), evaluation })).toEqual([]);
    expect(sentencesOf({})).toEqual([]);
  });

  it("repeats what looked wrong with the data when the run began", () => {
    const origin = { warnings: ["custom: class <b> has no pixel in train"] };
    expect(sentencesOf({}, { origin })).toEqual(["custom: class <b> has no pixel in train."]);
  });

  it("tells how to go on with a run that stopped", () => {
    const [fault] = faultsOf({ losses: [1, 2] }, { state: "stopped", folder: "/my runs/a" });
    expect(textOf(readMarkup(fault))).toContain("stopped after step 2");
    expect(textsOf(fault, "code")).toEqual(["lightseg train --run '/my runs/a' --resume"]);
  });

  it("notices that only one class is found, unless there is only one", () => {
    expect(sentencesOf({ evaluation: collapsed })).toEqual([
      expect.stringContaining("found nothing but road."),
    ]);
    expect(
      sentencesOf({
        evaluation: {
          ...collapsed,
          confusion: [
            [0, 0],
            [0, 2],
          ],
        },
      }),
    ).toEqual([]);
  });

  it("notices a loss that has grown by more than half", () => {
    expect(sentencesOf({ losses: grown(1.6) })).toEqual([
      expect.stringContaining("its median was 1 over the first tenth of the steps and is 1.6 over the last"),
    ]);
    expect(sentencesOf({ losses: grown(1.5) })).toEqual([]);
    const unlabelled = new Array<number>(20).fill(0);
    expect(sentencesOf({ losses: [...unlabelled, ...grown(1.5)] })).toEqual([]);
  });

  it("says nothing of the loss of few steps, of a single spike, or of stages", () => {
    expect(sentencesOf({ losses: grown(9).slice(1) })).toEqual([]);
    expect(sentencesOf({ losses: grown(1).with(95, 1e6) })).toEqual([]);
    expect(sentencesOf({ losses: grown(9), config: { stages: [{}, {}] } })).toEqual([]);
  });
});
