/** Holds warnings of the packages back while a progress bar is drawn or a clock runs. */

/** Runs the function with console.warn silent; what was said goes to `after`, each message once, whether or not the run succeeds. */
export async function holdingWarnings<T>(run: () => Promise<T>, after: (messages: string[]) => void): Promise<T> {
  const { warn } = console;
  const said = new Set<string>();
  console.warn = (...parts: unknown[]) => void said.add(parts.map(String).join(' '));
  try {
    return await run();
  } finally {
    console.warn = warn;
    after([...said]);
  }
}
