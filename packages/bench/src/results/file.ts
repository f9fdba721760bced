/** Results files: JSON Lines, checked line by line when read, written so that no reader ever sees half a file. */
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import writeFileAtomic from 'write-file-atomic';
import { UsageError } from '../errors';
import { SCHEMA, line, type ResultLine } from './schema';

/** Parses the text of a results file; an error names file and line. */
export function parseResults(text: string, file: string): ResultLine[] {
  return text.split('\n').flatMap((row, index) => {
    if (!row.trim()) return [];
    const where = `${file}:${index + 1}`;
    let data: unknown;
    try {
      data = JSON.parse(row);
    } catch (error) {
      throw new UsageError(`[bench] ${where}: expected a line of JSON, got ${JSON.stringify(row.slice(0, 40))}`, { cause: error });
    }
    const schema = (data as { schema?: unknown } | null)?.schema;
    if (schema !== SCHEMA) throw new UsageError(`[bench] ${where}: expected schema ${SCHEMA}, got ${String(schema)}`);
    const result = v.safeParse(line, data);
    if (result.success) return [result.output];
    const [issue] = result.issues;
    throw new UsageError(`[bench] ${where}: ${v.getDotPath(issue) ?? 'line'}: ${issue.message}`);
  });
}

/** Reads results files; several are joined in order. */
export async function readResults(...files: string[]): Promise<ResultLine[]> {
  const texts = await Promise.all(files.map(async (file) => parseResults(await readText(file), file)));
  return texts.flat();
}

/** The lines of a file that may not exist yet. */
export async function readIfThere(file: string): Promise<ResultLine[]> {
  try {
    return parseResults(await readFile(file, 'utf8'), file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`[bench] cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
}

export const formatResults = (lines: readonly ResultLine[]): string => lines.map((each) => `${JSON.stringify(each)}\n`).join('');

/** Replaces the file by these lines. */
export const writeResults = (file: string, lines: readonly ResultLine[]): Promise<void> => writeText(file, formatResults(lines));

/** Writes a file whole or not at all, and makes its folder. */
export async function writeText(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomic(file, text);
}
