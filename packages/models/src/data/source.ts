/** Reads a data file's bytes wherever it lives: a folder, a base URL, or a function of the caller's. Built-ins of Node load only when needed. */

/** Where data files are: a folder (Node), a base URL (http:, https:, or in browsers any path), or a function that returns a file's bytes. */
export type Source = string | URL | ((file: string) => Promise<Uint8Array | ArrayBuffer> | Uint8Array | ArrayBuffer);

interface Request {
  /** The function that asks, for messages. */
  where: string;
  file: string;
  /** What a reader of the error can do when the file is not there. */
  help: string;
}

const inNode = (): boolean => typeof process !== 'undefined' && typeof process.versions?.node === 'string';
const isWeb = (source: string): boolean => /^https?:/i.test(source);

/** The file's bytes, unpacked when they are gzip (the file itself, or the same name with `.gz`). */
export async function readData(source: Source, request: Request): Promise<Uint8Array> {
  const bytes = await (typeof source === 'function' ? fromFunction(source, request) : fromPlace(source, request));
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzip(bytes, request) : bytes;
}

async function fromFunction(source: Exclude<Source, string | URL>, { where, file }: Request): Promise<Uint8Array> {
  const result = await source(file);
  if (result instanceof Uint8Array) return result;
  if (result instanceof ArrayBuffer) return new Uint8Array(result);
  throw new TypeError(`[models] ${where}: expected source(${JSON.stringify(file)}) to return a Uint8Array or an ArrayBuffer, got ${String(result)}`);
}

async function fromPlace(source: string | URL, request: Request): Promise<Uint8Array> {
  const place = String(source);
  const web = isWeb(place) || (!inNode() && !place.startsWith('file:'));
  const read = web ? fetchBytes : readBytes;
  const failures: unknown[] = [];
  for (const name of [request.file, `${request.file}.gz`]) {
    try {
      return await read(place, name);
    } catch (error) {
      failures.push(error);
    }
  }
  const reason = failures[0] instanceof Error ? failures[0].message : String(failures[0]);
  throw new Error(`[models] ${request.where}: expected the file ${request.file} (or ${request.file}.gz) in ${place}, got ${reason}. ${request.help}`, { cause: failures[0] });
}

async function fetchBytes(base: string, name: string): Promise<Uint8Array> {
  const response = await fetch(`${base.replace(/\/+$/, '')}/${name}`);
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function readBytes(folder: string, name: string): Promise<Uint8Array> {
  const [{ readFile }, { join }, { fileURLToPath }] = await Promise.all([
    import(/* webpackIgnore: true */ /* @vite-ignore */ 'node:fs/promises'),
    import(/* webpackIgnore: true */ /* @vite-ignore */ 'node:path'),
    import(/* webpackIgnore: true */ /* @vite-ignore */ 'node:url'),
  ]);
  return readFile(join(folder.startsWith('file:') ? fileURLToPath(folder) : folder, name));
}

async function gunzip(bytes: Uint8Array, { where, file, help }: Request): Promise<Uint8Array> {
  try {
    const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (error) {
    throw new Error(`[models] ${where}: ${file} is damaged: expected gzip data that unpacks, got ${String(error)}. ${help}`, { cause: error });
  }
}
