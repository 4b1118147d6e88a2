/**
 * Takes the README's pictures of the demo: `npm run build && npx vite build -c demo/vite.config.ts && npx tsx
 * scripts/demo-screenshots.ts`.
 *
 * Needs Chromium, at /usr/bin/chromium or where the variable CHROMIUM says.
 */
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { preview } from "vite";

const from = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const looks = [
  { name: "desktop", viewport: { width: 1280, height: 900 }, colorScheme: "light" },
  { name: "phone", viewport: { width: 390, height: 844 }, colorScheme: "dark" },
] as const;

const server = await preview({ configFile: from("demo/vite.config.ts"), preview: { port: 4199 } });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
for (const { name, ...look } of looks) {
  const page = await browser.newPage(look);
  await page.goto("http://localhost:4199/");
  await page.getByText(/pixels: /).waitFor({ timeout: 120_000 });
  await page.screenshot({ path: from(`docs/demo-${name}.png`) });
}
await browser.close();
await server.close();
