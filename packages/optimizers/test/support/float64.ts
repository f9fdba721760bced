/** The rules once more, in double precision and plain loops, written from the papers and tfjs's sources rather than from src/. */

export type Vector = Float64Array;
/** Variables with their shapes, updated in place by one step. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Vector;
}
export type Step = (parameters: readonly Parameter[], gradients: readonly Vector[]) => void;

const zeros = (like: Vector): Vector => new Float64Array(like.length);
const length = (x: Vector): number => Math.sqrt(x.reduce((total, each) => total + each * each, 0));
const rms = (x: Vector): number => length(x) / Math.sqrt(x.length);

/** A rule that works on each variable by itself: `update` gets its slots, its count of steps, and returns what to subtract. */
function perVariable<S>(init: (w: Vector, shape: readonly number[]) => S, update: (slots: S, g: Vector, w: Vector, t: number, shape: readonly number[]) => Vector, { rate = 0, decay = 0 } = {}): Step {
  const slots = new Map<Parameter, S>();
  let t = 0;
  return (parameters, gradients) => {
    t++;
    parameters.forEach((parameter, index) => {
      const { values: w, shape } = parameter;
      if (!slots.has(parameter)) slots.set(parameter, init(w, shape));
      const delta = update(slots.get(parameter)!, gradients[index]!, w, t, shape);
      for (let i = 0; i < w.length; i++) w[i] = w[i]! - rate * decay * w[i]! - delta[i]!;
    });
  };
}

const moments = (w: Vector): { m: Vector; v: Vector } => ({ m: zeros(w), v: zeros(w) });
function advance({ m, v }: { m: Vector; v: Vector }, g: Vector, b1: number, b2: number): void {
  for (let i = 0; i < g.length; i++) {
    m[i] = b1 * m[i]! + (1 - b1) * g[i]!;
    v[i] = b2 * v[i]! + (1 - b2) * g[i]! ** 2;
  }
}

export const sgd = (rate: number, mu = 0, nesterov = false): Step => perVariable(zeros, (u, g) => g.map((each, i) => {
  u[i] = mu * u[i]! + each;
  return rate * (nesterov ? each + mu * u[i]! : u[i]!);
}));

export const rmsprop = (rate: number, rho: number, mu: number, epsilon: number, centered: boolean): Step =>
  perVariable((w) => ({ s: zeros(w), a: zeros(w), u: zeros(w) }), ({ s, a, u }, g) => g.map((each, i) => {
    s[i] = rho * s[i]! + (1 - rho) * each * each;
    a[i] = rho * a[i]! + (1 - rho) * each;
    u[i] = mu * u[i]! + rate * each / Math.sqrt(s[i]! - (centered ? a[i]! ** 2 : 0) + epsilon);
    return u[i]!;
  }));

export const adagrad = (rate: number, initial: number, epsilon: number): Step => perVariable((w) => zeros(w).fill(initial), (s, g) => g.map((each, i) => {
  s[i] = s[i]! + each * each;
  return rate * each / Math.sqrt(s[i]! + epsilon);
}));

export const adadelta = (rate: number, rho: number, epsilon: number, published: boolean): Step =>
  perVariable((w) => ({ s: zeros(w), x: zeros(w) }), ({ s, x }, g) => g.map((each, i) => {
    const before = s[i]!;
    s[i] = rho * before + (1 - rho) * each * each;
    const d = Math.sqrt(x[i]! + epsilon) / Math.sqrt((published ? s[i]! : before) + epsilon) * each;
    x[i] = rho * x[i]! + (1 - rho) * d * d;
    return rate * d;
  }));

export const adam = (rate: number, b1: number, b2: number, epsilon: number, { amsgrad = false, decay = 0 } = {}): Step =>
  perVariable((w) => ({ ...moments(w), top: zeros(w) }), (slots, g, _w, t) => {
    advance(slots, g, b1, b2);
    return g.map((_, i) => {
      slots.top[i] = Math.max(slots.top[i]!, slots.v[i]!);
      const v = amsgrad ? slots.top[i]! : slots.v[i]!;
      return rate * (slots.m[i]! / (1 - b1 ** t)) / (Math.sqrt(v / (1 - b2 ** t)) + epsilon);
    });
  }, { rate, decay });

export const adamax = (rate: number, b1: number, b2: number, epsilon: number, slowing: number): Step =>
  perVariable((w) => ({ m: zeros(w), u: zeros(w) }), ({ m, u }, g, _w, t) => g.map((each, i) => {
    m[i] = b1 * m[i]! + (1 - b1) * each;
    u[i] = Math.max(b2 * u[i]!, Math.abs(each));
    return rate / (1 + slowing * (t - 1)) / (1 - b1 ** t) * m[i]! / (u[i]! + epsilon);
  }));

export function nadam(rate: number, b1: number, b2: number, epsilon: number): Step {
  const mu = (t: number): number => b1 * (1 - 0.5 * 0.96 ** t);
  const product = (t: number): number => Array.from({ length: t }, (_, k) => mu(k + 1)).reduce((all, each) => all * each, 1);
  return perVariable(moments, (slots, g, _w, t) => {
    advance(slots, g, b1, b2);
    return g.map((each, i) => {
      const m = mu(t + 1) * slots.m[i]! / (1 - product(t + 1)) + (1 - mu(t)) * each / (1 - product(t));
      return rate * m / (Math.sqrt(slots.v[i]! / (1 - b2 ** t)) + epsilon);
    });
  });
}

export const radam = (rate: number, b1: number, b2: number, epsilon: number): Step => perVariable(moments, (slots, g, _w, t) => {
  advance(slots, g, b1, b2);
  const limit = 2 / (1 - b2) - 1, rho = limit - 2 * t * b2 ** t / (1 - b2 ** t);
  const r = Math.sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho));
  return g.map((_, i) => {
    const m = slots.m[i]! / (1 - b1 ** t);
    return rate * (rho > 5 ? r * m / (Math.sqrt(slots.v[i]! / (1 - b2 ** t)) + epsilon) : m);
  });
});

export const lion = (rate: number, b1: number, b2: number, decay: number): Step => perVariable(zeros, (m, g) => g.map((each, i) => {
  const direction = Math.sign(b1 * m[i]! + (1 - b1) * each);
  m[i] = b2 * m[i]! + (1 - b2) * each;
  return rate * direction;
}), { rate, decay });

const trust = (w: Vector, r: Vector): number => (length(w) > 0 && length(r) > 0 ? length(w) / length(r) : 1);

export const lamb = (rate: number, b1: number, b2: number, epsilon: number, decay: number): Step => perVariable(moments, (slots, g, w, t) => {
  advance(slots, g, b1, b2);
  const r = g.map((_, i) => slots.m[i]! / (1 - b1 ** t) / (Math.sqrt(slots.v[i]! / (1 - b2 ** t)) + epsilon) + decay * w[i]!);
  return r.map((each) => rate * trust(w, r) * each);
});

export const lars = (rate: number, mu: number, nesterov: boolean, tau: number, decay: number): Step => perVariable(zeros, (u, g, w) => {
  const r = g.map((each, i) => each + decay * w[i]!), ratio = trust(w, r) === 1 && (length(w) === 0 || length(r) === 0) ? 1 : tau * trust(w, r);
  return r.map((each, i) => {
    const d = rate * ratio * each;
    u[i] = mu * u[i]! + d;
    return nesterov ? d + mu * u[i]! : u[i]!;
  });
});

/** Rows and columns of the last two axes, for each index of those before. */
export function adafactor(rate: number, c: number, epsilon1: number, epsilon2: number, threshold: number): Step {
  return perVariable((w, shape) => ({ row: new Float64Array(shape.length < 2 ? 0 : w.length / shape.at(-1)!), column: new Float64Array(shape.length < 2 ? 0 : w.length / shape.at(-2)!), all: zeros(w) }), ({ row, column, all }, g, w, t, shape) => {
    const b = 1 - t ** c, squares = g.map((each) => each * each + epsilon1);
    let u: Vector;
    if (shape.length < 2) {
      all.forEach((each, i) => { all[i] = b * each + (1 - b) * squares[i]!; });
      u = g.map((each, i) => each / Math.sqrt(all[i]!));
    } else {
      const [rows, columns] = [shape.at(-2)!, shape.at(-1)!], matrices = w.length / rows / columns;
      u = zeros(w);
      for (let k = 0; k < matrices; k++) {
        const at = (i: number, j: number): number => (k * rows + i) * columns + j;
        for (let i = 0; i < rows; i++) row[k * rows + i] = b * row[k * rows + i]! + (1 - b) * Array.from({ length: columns }, (_, j) => squares[at(i, j)]!).reduce((x, y) => x + y) / columns;
        for (let j = 0; j < columns; j++) column[k * columns + j] = b * column[k * columns + j]! + (1 - b) * Array.from({ length: rows }, (_, i) => squares[at(i, j)]!).reduce((x, y) => x + y) / rows;
        const mean = row.subarray(k * rows, (k + 1) * rows).reduce((x, y) => x + y) / rows;
        for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) u[at(i, j)] = g[at(i, j)]! / Math.sqrt(row[k * rows + i]! / mean * column[k * columns + j]!);
      }
    }
    const scale = Math.min(rate, 1 / Math.sqrt(t)) * Math.max(epsilon2, rms(w)) / Math.max(1, rms(u) / threshold);
    return u.map((each) => scale * each);
  });
}

type Matrix = number[][];
const product = (a: Matrix, b: Matrix): Matrix => a.map((row) => b[0]!.map((_, j) => row.reduce((total, each, k) => total + each * b[k]![j]!, 0)));
const transposed = (a: Matrix): Matrix => a[0]!.map((_, j) => a.map((row) => row[j]!));

export function muon(rate: number, mu: number, decay: number, b1: number, b2: number, epsilon: number): Step {
  return perVariable((w) => ({ u: zeros(w), ...moments(w) }), (slots, g, _w, t, shape) => {
    if (shape.length !== 2) {
      advance(slots, g, b1, b2);
      return g.map((_, i) => rate * slots.m[i]! / (1 - b1 ** t) / (Math.sqrt(slots.v[i]! / (1 - b2 ** t)) + epsilon));
    }
    const [rows, columns] = [shape[0]!, shape[1]!];
    slots.u.forEach((each, i) => { slots.u[i] = mu * each + g[i]!; });
    const d = g.map((each, i) => each + mu * slots.u[i]!), size = length(d) + 1e-7;
    let x: Matrix = Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => d[i * columns + j]! / size));
    for (let k = 0; k < 5; k++) {
      const a = product(x, transposed(x)), aa = product(a, a);
      const b = a.map((row, i) => row.map((each, j) => -4.775 * each + 2.0315 * aa[i]![j]!)), bx = product(b, x);
      x = x.map((row, i) => row.map((each, j) => 3.4445 * each + bx[i]![j]!));
    }
    return g.map((_, i) => rate * 0.2 * Math.sqrt(Math.max(rows, columns)) * x[Math.floor(i / columns)]![i % columns]!);
  }, { rate, decay });
}

/** Joint clipping, before any of the above. Returns whether it acted. */
export function clipJointly(gradients: readonly Vector[], maxNorm: number): boolean {
  const norm = Math.sqrt(gradients.reduce((total, each) => total + length(each) ** 2, 0));
  if (norm <= maxNorm) return false;
  for (const each of gradients) for (let i = 0; i < each.length; i++) each[i] = each[i]! * maxNorm / norm;
  return true;
}
