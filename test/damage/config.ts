/** Damage to a file's configuration: any place of a JSON value dropped, copied, renamed, replaced or exchanged. */
import fc from 'fast-check';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Container = Record<string, Json>;
type Path = readonly string[];

const isContainer = (json: Json | undefined): json is Json[] | Container => typeof json === 'object' && json !== null;

function pathsOf(json: Json): Path[] {
  if (!isContainer(json)) return [];
  return Object.entries(json as Container).flatMap(([key, value]) => [
    [key],
    ...pathsOf(value).map((rest) => [key, ...rest]),
  ]);
}

/** The object or list that holds a path's end; null where an earlier damage has taken it away. */
function holderOf(config: Json, path: Path): Container | null {
  let at: Json | undefined = config;
  for (const key of path.slice(0, -1)) at = isContainer(at) ? (at as Container)[key] : undefined;
  return isContainer(at) && Object.hasOwn(at, path.at(-1)!) ? (at as Container) : null;
}

const STRANGE: readonly Json[] = [
  null,
  true,
  false,
  'x',
  '',
  -1,
  0,
  0.5,
  2,
  1000,
  1e300,
  [],
  {},
  [1, 2],
  { name: 'x' },
  { name: '(', flags: '' },
  { name: 'x', flags: 'xx' },
  { number: 'NaN' },
  { number: 'Infinity' },
  { number: 'x' },
  { schedule: 'linear', options: { from: 1, to: 0, steps: 3 } },
  { schedule: 'linear', options: { from: 0, to: -1, steps: 3 } },
  { schedule: 'nothing', options: {} },
  { schedule: 'constant' },
  { transform: 'byNorm', options: { maxNorm: 1, ord: 2 } },
  { transform: 'adam', options: {} },
  { transform: 'accumulateGradients', options: { n: 3 } },
  { transform: 'averageWeights', options: { momentum: 0.5 } },
  { transform: 1 },
  { toString: 'x' },
  { constructor: { name: 'x' } },
];
const KEYS = [
  'nothing',
  'transforms',
  'rule',
  'inner',
  'options',
  'name',
  'number',
  'schedule',
  'transform',
  'flags',
  'learningRate',
  'toString',
  'customObjects',
];

interface Damage {
  readonly what: string;
  do(config: Json): void;
}

function damageTo(whole: Json): fc.Arbitrary<Damage> {
  const path = fc.constantFrom(...pathsOf(whole));
  const key = fc.constantFrom(...KEYS);
  const damage = (what: string, at: Path, act: (holder: Container, key: string, config: Json) => void): Damage => ({
    what,
    do: (config) => {
      const holder = holderOf(config, at);
      if (holder) act(holder, at.at(-1)!, config);
    },
  });
  const tell = (at: Path): string => at.join('.');
  const drop = (holder: Container, name: string): void => {
    if (Array.isArray(holder)) holder.splice(Number(name), 1);
    else delete holder[name];
  };
  return fc.oneof(
    path.map((at) => damage(`drop ${tell(at)}`, at, drop)),
    fc.tuple(path, key).map(([at, name]) =>
      damage(`copy ${tell(at)} to ${name}`, at, (holder, from) => {
        holder[name] = structuredClone(holder[from]!);
      }),
    ),
    fc.tuple(path, key).map(([at, name]) =>
      damage(`rename ${tell(at)} to ${name}`, at, (holder, from) => {
        const value = holder[from]!;
        drop(holder, from);
        holder[name] = value;
      }),
    ),
    fc.tuple(path, fc.constantFrom(...STRANGE)).map(([at, value]) =>
      damage(`put ${JSON.stringify(value)} at ${tell(at)}`, at, (holder, name) => {
        holder[name] = structuredClone(value);
      }),
    ),
    fc.tuple(path, path).map(([at, other]) =>
      damage(`exchange ${tell(at)} and ${tell(other)}`, at, (holder, name, config) => {
        const second = holderOf(config, other);
        if (!second) return;
        const [x, y] = [structuredClone(holder[name]!), structuredClone(second[other.at(-1)!]!)];
        holder[name] = y;
        second[other.at(-1)!] = x;
      }),
    ),
  );
}

/** A configuration that was damaged once or twice, and how. */
export const damagedConfig = (whole: Json): fc.Arbitrary<{ readonly what: string; make(): Json }> =>
  fc.array(damageTo(whole), { minLength: 1, maxLength: 2 }).map((list) => {
    const what = list.map((each) => each.what).join('; ');
    return {
      what,
      [fc.toStringMethod]: () => what,
      make: () => {
        const config = structuredClone(whole);
        for (const each of list) each.do(config);
        return config;
      },
    };
  });
