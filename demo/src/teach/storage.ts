import type { TeachClass } from "./classes.ts";
import { openPicture, type TeachPicture } from "./pictures.ts";

interface KeptPicture {
  readonly id: number;
  readonly file: Blob;
  readonly labels: Uint8Array;
}

/** What was taught, and the classes that it knows. */
export interface KeptModel {
  readonly file: Blob;
  readonly classes: readonly string[];
}

/** What is kept of the work in the browser. */
export interface KeptWork {
  readonly pictures: TeachPicture[];
  readonly classes: TeachClass[] | undefined;
  readonly model: KeptModel | undefined;
  /** Another tab has the work open and keeps it; nothing that is done here is kept. */
  readonly isOpenElsewhere: boolean;
}

const PICTURES = "pictures";
const STATE = "state";

/** The work as it was when the page was last open. */
export async function readWork(): Promise<KeptWork> {
  const kept: KeptPicture[] = await ask(PICTURES, "readonly", (store) => store.getAll());
  const classes: TeachClass[] | undefined = await ask(STATE, "readonly", (store) => store.get("classes"));
  const model: KeptModel | undefined = await ask(STATE, "readonly", (store) => store.get("model"));
  const pictures = await Promise.all(kept.map(({ id, file, labels }) => openPicture(id, file, labels)));
  return { pictures, classes, model, isOpenElsewhere: !(await isOurs()) };
}

export async function keepPicture({ id, file, strokes: { labels } }: TeachPicture): Promise<void> {
  const kept: KeptPicture = { id, file, labels };
  await write(PICTURES, (store) => store.put(kept));
}

export async function forgetPicture({ id }: TeachPicture): Promise<void> {
  await write(PICTURES, (store) => store.delete(id));
}

export async function keepClasses(classes: readonly TeachClass[]): Promise<void> {
  await write(STATE, (store) => store.put(classes, "classes"));
}

export async function keepModel(model: KeptModel): Promise<void> {
  await write(STATE, (store) => store.put(model, "model"));
}

export async function forgetWork(): Promise<void> {
  for (const name of [PICTURES, STATE]) await write(name, (store) => store.clear());
}

let claim: Promise<boolean> | undefined;

/** Whether this tab keeps the work: the first one that has it open does, until it is closed. */
function isOurs(): Promise<boolean> {
  // Absent where pages are not secure.
  if (!("locks" in navigator)) return Promise.resolve(true);
  claim ??= new Promise((resolve, reject) => {
    const hold = (lock: Lock | null) => {
      resolve(lock !== null);
      return lock ? new Promise<never>(() => undefined) : undefined;
    };
    navigator.locks.request("lightseg-teach", { ifAvailable: true }, hold).catch(reject);
  });
  return claim;
}

let opened: Promise<IDBDatabase> | undefined;

function openDatabase(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("lightseg-teach", 1);
    request.addEventListener("upgradeneeded", () => {
      request.result.createObjectStore(PICTURES, { keyPath: "id" });
      request.result.createObjectStore(STATE);
    });
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
  return opened;
}

/** Does something with a store that changes it, unless another tab keeps the work. */
async function write(name: string, work: (store: IDBObjectStore) => IDBRequest): Promise<void> {
  if (await isOurs()) await ask(name, "readwrite", work);
}

/** Does something with a store; is done when it is on the disk. */
async function ask<T>(
  name: string,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const transaction = (await openDatabase()).transaction(name, mode);
  const request = work(transaction.objectStore(name));
  return new Promise((resolve, reject) => {
    transaction.addEventListener("complete", () => resolve(request.result));
    transaction.addEventListener("abort", () => reject(transaction.error));
  });
}
