import { DuckDBInstance } from "@duckdb/node-api";

/** What DuckDB answers about a table of results. @param sql has `TABLE` for the table */
export async function askDuckDb(folder: string, sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const from = `'${folder.replaceAll("'", "''")}/results/*.parquet'`;
    const reader = await connection.runAndReadAll(sql.replaceAll("TABLE", from));
    return reader.getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
