/** Median and range of the rounds. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** The value below which `share` of the sorted values lie. @throws when there are none */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  if (value === undefined) throw new Error("nothing was measured");
  return value;
}

/** @throws when there are no values */
export function spread(values: number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
  return { median, min: quantile(sorted, 0), max: quantile(sorted, 1) };
}

/** What a load of many operations did: how many, how fast, and how long single ones took. */
export interface LoadFigures {
  done: number;
  /** Operations per second over all clients. */
  rate: number;
  /** Milliseconds. */
  p50: number;
  p95: number;
}

/** @param milliseconds of each operation; sorted in place */
export function loadFigures(milliseconds: Float64Array, seconds: number): LoadFigures {
  milliseconds.sort();
  return {
    done: milliseconds.length,
    rate: milliseconds.length / seconds,
    p50: quantile(milliseconds, 0.5),
    p95: quantile(milliseconds, 0.95),
  };
}
