import type { S3Client } from "@aws-sdk/client-s3";
import { LightsegError } from "../errors.ts";
import { folderKey } from "./address.ts";
import { explainMissing } from "./optional.ts";
import { checkFileBytes, type Storage, StorageError, type StoredFile } from "./storage.ts";

/** Names of errors for which another try is useless. */
const REFUSALS: Readonly<Record<string, string>> = {
  AccessDenied: "refuses access",
  InvalidAccessKeyId: "refuses the credentials",
  SignatureDoesNotMatch: "refuses the credentials",
  ExpiredToken: "refuses the credentials, which have expired",
  InvalidToken: "refuses the credentials",
  CredentialsProviderError: "needs credentials, and there are none",
  NoSuchBucket: "does not exist",
  PermanentRedirect: "lies in another region",
  AuthorizationHeaderMalformed: "lies in another region",
};
const HINT =
  "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL say who asks whom, or the SDK's own chain";

/** How often an object is asked for whose answer is cut. */
const READ_TRIES = 3;

type Sdk = typeof import("@aws-sdk/client-s3");

let opened: Promise<S3> | undefined;

/**
 * Connects with S3, or with what speaks its language. The SDK finds credentials, region and endpoint in the
 * environment.
 *
 * @throws LightsegError DEPENDENCY if the SDK is not installed
 */
export function openS3(): Promise<S3> {
  opened ??= loadSdk().then((sdk) => new S3(sdk, createClient(sdk)));
  return opened;
}

async function loadSdk(): Promise<Sdk> {
  try {
    return await import("@aws-sdk/client-s3");
  } catch (cause) {
    throw explainMissing("@aws-sdk/client-s3", "s3:// addresses", cause);
  }
}

/** Ends the connections, so that the next use reads the environment anew. */
export async function closeS3(): Promise<void> {
  const closing = opened;
  opened = undefined;
  (await closing?.catch(() => undefined))?.close();
}

function createClient({ S3Client: Client }: Sdk): S3Client {
  const { AWS_REGION, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 } = process.env;
  // Servers of one's own have no name for each bucket, and few know Amazon's newest checksums.
  const isOwn = (AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL) !== undefined;
  return new Client({
    ...(AWS_REGION === undefined && AWS_DEFAULT_REGION === undefined && isOwn && { region: "us-east-1" }),
    ...(isOwn && {
      forcePathStyle: true,
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    }),
    // A missing answer must not hold a chunk for ever.
    requestHandler: {
      connectionTimeout: 5000,
      socketTimeout: Number(process.env.LIGHTSEG_S3_TIMEOUT_MS ?? 60_000),
    },
  });
}

/** A connection with a server of buckets. */
export class S3 {
  readonly #sdk: Sdk;
  readonly #client: S3Client;

  constructor(sdk: Sdk, client: S3Client) {
    this.#sdk = sdk;
    this.#client = client;
  }

  async read(bucket: string, key: string): Promise<Uint8Array> {
    const name = `s3://${bucket}/${key}`;
    return guard(name, bucket, async () => {
      const get = new this.#sdk.GetObjectCommand({ Bucket: bucket, Key: key });
      for (let tries = 1; ; tries++) {
        const { Body, ContentLength = 0 } = await this.#client.send(get);
        checkFileBytes(ContentLength, name);
        // The SDK asks again for an answer that does not come, and not for one that is cut.
        const bytes = await Body?.transformToByteArray().catch((cause: unknown) => {
          if (tries === READ_TRIES) throw cause;
          return undefined;
        });
        if (bytes?.length === ContentLength) return bytes;
        if (tries === READ_TRIES) throw cutOnTheWay(name);
      }
    });
  }

  /**
   * An object is there as a whole or not at all, and from then on for everybody; so no temporary key is
   * needed.
   */
  async write(bucket: string, key: string, bytes: Uint8Array): Promise<void> {
    const put = new this.#sdk.PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: bytes,
      ContentType: contentType(key),
    });
    await guard(`s3://${bucket}/${key}`, bucket, () => this.#client.send(put));
  }

  async *list(bucket: string, prefix: string): AsyncGenerator<string> {
    let token: string | undefined;
    do {
      const page = await guard(`s3://${bucket}/${prefix}`, bucket, () =>
        this.#client.send(
          new this.#sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
        ),
      );
      for (const { Key } of page.Contents ?? []) if (Key !== undefined && !Key.endsWith("/")) yield Key;
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** A prefix, with or without the `/` at its end, as a storage. */
  storage(bucket: string, prefix: string): Storage {
    const base = folderKey(prefix);
    const list = (folder: string) => this.list(bucket, `${base}${folder}`);
    return {
      read: (key) => this.read(bucket, `${base}${key}`),
      write: (key, bytes) => this.write(bucket, `${base}${key}`, bytes),
      async *list(folder): AsyncGenerator<StoredFile> {
        for await (const key of list(folder))
          yield { key: key.slice(base.length), address: { kind: "s3", bucket, key } };
      },
      clean: async () => undefined,
    };
  }

  close(): void {
    this.#client.destroy();
  }
}

/**
 * Turns the SDK's errors into ours: by their names alone, since their texts and requests may tell who asked.
 */
async function guard<T>(name: string, bucket: string, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (cause) {
    if (cause instanceof LightsegError) throw cause;
    const kind = cause instanceof Error ? cause.name : "Error";
    const status = statusOf(cause);
    if (kind === "NoSuchKey" || (kind === "NotFound" && status === 404))
      throw new LightsegError({
        code: "NOT_FOUND",
        where: "openS3",
        file: name,
        argument: "the object",
        rule: "does not exist",
      });
    const refusal = REFUSALS[kind] ?? (status === 401 || status === 403 ? REFUSALS.AccessDenied : undefined);
    if (refusal !== undefined) {
      const rule = `${refusal} (${kind})`;
      throw new StorageError({
        where: "openS3",
        file: `s3://${bucket}`,
        argument: "the bucket",
        rule,
        hint: HINT,
        transient: false,
      });
    }
    const rule =
      status === undefined
        ? `cannot be reached: ${codeOf(cause, kind)}`
        : `fails: it answers ${status} ${kind}`;
    throw new StorageError({ where: "openS3", file: name, argument: "the storage", rule, transient: true });
  }
}

function cutOnTheWay(file: string): StorageError {
  const rule = "was cut on the way";
  return new StorageError({ where: "openS3", file, argument: "the object", rule, transient: true });
}

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("$metadata" in error)) return undefined;
  const { $metadata } = error;
  const hasStatus = typeof $metadata === "object" && $metadata !== null && "httpStatusCode" in $metadata;
  return hasStatus && typeof $metadata.httpStatusCode === "number" ? $metadata.httpStatusCode : undefined;
}

function codeOf(error: unknown, kind: string): string {
  return error instanceof Error && "code" in error ? String(error.code) : kind;
}

function contentType(key: string): string {
  if (key.endsWith(".png")) return "image/png";
  return key.endsWith(".json") ? "application/json" : "application/octet-stream";
}
