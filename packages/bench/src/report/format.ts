/** Numbers as people read them. A value that was not finite is shown as such, never as a blank. */

const NOT_FINITE = 'not finite';

/** Up to four significant digits, without exponents where they would not help. */
export function number(value: number | null): string {
  if (value === null) return NOT_FINITE;
  if (value !== 0 && (Math.abs(value) >= 1e6 || Math.abs(value) < 5e-5)) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}

export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
/** An accuracy; models without classes have none. */
export const accuracy = (share: number | null): string => (share === null ? '–' : percent(share));
/** Mean and standard error. */
export const plusMinus = ({ mean, error }: { mean: number | null; error: number | null }, show: (value: number) => string): string =>
  mean === null ? NOT_FINITE : error === null ? show(mean) : `${show(mean)} ± ${show(error)}`;
export const seconds = (value: number): string => `${value.toFixed(1)} s`;
export const milliseconds = (value: number | null): string => (value === null ? NOT_FINITE : `${Number(value.toPrecision(3))} ms`);
export const ratio = (value: number | null): string => (value === null ? NOT_FINITE : `${value.toFixed(2)} ×`);
export const thousands = (value: number): string => value.toLocaleString('en').replaceAll(',', ' ');
