import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Machine } from "./machine.ts";
import type { BenchResult } from "./runner.ts";

/** What a result was measured on and with. */
export interface Circumstances {
  measured_at: string;
  quick: boolean;
  /** Whether the server waited for the disk at each commit. */
  durable: boolean;
  machine: Machine;
  versions: Record<string, string>;
}

/** A result as it is in the file, under the name of its bench. */
export type StoredResult = Omit<BenchResult, "name"> & Circumstances;

/** What `store` has put into a file, by bench. @throws Error where there is no such file */
export async function stored(file: string): Promise<Record<string, StoredResult>> {
  return JSON.parse(await readFile(file, "utf8")) as Record<string, StoredResult>;
}

/** Four significant digits are more than any two runs agree on. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}

/** Puts a result into the file, in the place of an earlier one of the same bench. */
export async function store(file: string, { name, ...result }: BenchResult, about: Circumstances): Promise<void> {
  const earlier = await stored(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return {};
    throw error;
  });
  const results = { ...earlier, [name]: { ...about, ...result } };
  const sorted = Object.fromEntries(Object.entries(results).sort(([a], [b]) => (a < b ? -1 : 1)));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(sorted, rounded, 2)}\n`);
}
