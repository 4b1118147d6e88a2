import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ListPhotosOptions, listPhotos } from "../../src/batch/source.ts";
import { endingOf, isList } from "../../src/batch/source-list.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-source-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function list(options: ListPhotosOptions) {
  const found = [];
  for await (const entry of listPhotos(options)) found.push(entry);
  return found;
}

async function listFile(name: string, content: string | Uint8Array, column?: string) {
  await writeFile(join(folder, name), content);
  return list({ source: join(folder, name), column });
}

it("finds photos in folders and links, and counts what is none", async () => {
  await mkdir(join(folder, "photos", "in"), { recursive: true });
  for (const name of ["b.JPG", "in/a.png", "notes.txt", "._b.JPG"])
    await writeFile(join(folder, "photos", name), "");
  await symlink("..", join(folder, "photos", "in", "round"));
  await symlink("in", join(folder, "photos", "link"));
  const skipped: string[] = [];
  const found = await list({
    source: join(folder, "photos"),
    masks: "/masks",
    onSkip: (key) => skipped.push(key),
  });
  expect(found.map(({ id, mask }) => [id, mask])).toEqual([
    ["b.JPG", "/masks/b.png"],
    ["in/a.png", "/masks/in/a.png"],
    ["link/a.png", "/masks/link/a.png"],
  ]);
  expect(skipped).toEqual(["notes.txt"]);
});

it("tells a folder that is not there from one without photos", async () => {
  await mkdir(join(folder, "empty"));
  await expect(list({ source: join(folder, "empty") })).rejects.toThrow(/the source holds no photos/);
  await expect(list({ source: join(folder, "none") })).rejects.toThrow(/none: the source does not exist/);
  const file = join(folder, "photos", "notes.txt");
  await expect(list({ source: `${file}/` })).rejects.toMatchObject({ code: "STORAGE", transient: false });
});

it("tells lists by their endings, in the working directory and at signed addresses", () => {
  const signed = "https://host/list.csv?X-Amz-Credential=AKIA/2026/us/s3/aws4_request";
  for (const source of ["list.csv", "LIST.CSV", "photos\\list.csv", "s3://shop/a/list.csv", signed])
    expect(endingOf(source), source).toBe("csv");
  expect(isList("photos.csv/")).toBe(false);
  expect(isList("https://host/photo.jpg?list=list.csv")).toBe(false);
});

it("reads every kind of list to the same photos", async () => {
  const expected = [
    { id: "a, b.jpg", source: join(folder, "a, b.jpg") },
    { id: "bucket/ü.png", source: "s3://bucket/ü.png" },
    { id: "host/c.jpg", source: "https://host/c.jpg?sig=1" },
  ];
  const photos = ["a, b.jpg", "s3://bucket/ü.png", "https://host/c.jpg?sig=1"];
  expect(await listFile("l.txt", `${photos.join("\r\n")}\n\n${photos[0]}\n`)).toEqual(expected);
  expect(await listFile("l.csv", `n,photo\n1,"a, b.jpg"\n2,${photos[1]}\n3,"${photos[2]}"`)).toEqual(
    expected,
  );
  expect(await listFile("l.jsonl", photos.map((photo) => JSON.stringify({ photo })).join("\n"))).toEqual(
    expected,
  );
  const columnData = [{ name: "where", data: photos, type: "STRING" as const }];
  expect(await listFile("l.parquet", new Uint8Array(parquetWriteBuffer({ columnData })), "where")).toEqual(
    expected,
  );
});

it("counts a photo once however its path is written, and says which row has an address that none reads", async () => {
  expect(await listFile("twice.txt", "x.jpg\n./x.jpg\n././x.jpg\n")).toHaveLength(1);
  const list = listFile("ftp.csv", "photo\nx.jpg\nftp://user:geheim@host/y.jpg\n");
  await expect(list).rejects.toThrow(
    `readList: ${join(folder, "ftp.csv")}: the list has an address in row 2 that must be a path, s3:// or http(s)://, not ftp://`,
  );
  await expect(listFile("secret.txt", "https://user:geheim@host/y.jpg\n")).rejects.toThrow(
    /the list has an address in row 1 that must not hold a password/,
  );
});

it("takes ids and masks of a list, and refuses what cannot be meant", async () => {
  const [entry] = await listFile("ids.csv", "photo,id,mask\nx.jpg,7,m/x.png\n");
  expect(entry).toEqual({ id: "7", source: join(folder, "x.jpg"), mask: join(folder, "m/x.png") });
  await expect(listFile("two.csv", "photo,id\nx.jpg,7\ny.jpg,7\n")).rejects.toThrow(
    /two photos of the id "7"/,
  );
  await expect(listFile("none.csv", "name\nx\n")).rejects.toThrow(/must have a column photo.*--column/);
  await expect(listFile("utf16.txt", Uint8Array.of(0xff, 0xfe, 0x61, 0))).rejects.toThrow(/UTF-8/);
  await expect(listFile("empty.txt", "\n")).rejects.toThrow(/holds no photos/);
});
