import { describe, expect, it } from "vitest";
import { missingBrowser } from "./browser.ts";
import { useBrowser } from "./use-browser.ts";

describe.skipIf(missingBrowser)(`examples/page.html ${missingBrowser ?? ""}`, () => {
  const shared = useBrowser();

  it("segments its photo, then one that is chosen", async () => {
    const page = await shared.browser.newPage();
    await page.goto(`${shared.server.origin}/examples/page.html`);
    const status = page.getByRole("status");
    await status
      .filter({ hasText: /^cat [78]\d\.\d %, background [12]\d\.\d %$/ })
      .waitFor({ timeout: 120_000 });
    expect(await page.locator("canvas").evaluate(({ width, height }) => [width, height])).toEqual([451, 300]);

    await page.getByLabel("photo").setInputFiles("examples/astronaut.jpg");
    await status.filter({ hasText: "person" }).waitFor({ timeout: 120_000 });
    expect(await page.locator("canvas").evaluate(({ width, height }) => [width, height])).toEqual([512, 512]);

    await page.getByLabel("photo").setInputFiles("package.json");
    await status.filter({ hasText: "is not a picture" }).waitFor({ timeout: 60_000 });
    await page.close();
  });
});
