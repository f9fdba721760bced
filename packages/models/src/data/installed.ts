/** Finds the folder of a data package that the user installed. Node only. */

/** The folder of a file inside an installed package, looked up from this package, the running script, and the working directory; null where none has it. */
export async function installedFolder(fileInPackage: string): Promise<string | null> {
  if (typeof process === 'undefined' || typeof process.versions?.node !== 'string') return null;
  const [{ createRequire }, { dirname, join }] = await Promise.all([
    import(/* webpackIgnore: true */ /* @vite-ignore */ 'node:module'),
    import(/* webpackIgnore: true */ /* @vite-ignore */ 'node:path'),
  ]);
  for (const from of [import.meta.url, process.argv[1], join(process.cwd(), 'package.json')]) {
    if (!from) continue;
    try {
      return dirname(createRequire(from).resolve(fileInPackage));
    } catch {
      // Not there: the next place may have it.
    }
  }
  return null;
}
