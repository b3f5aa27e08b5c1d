/** Releases of the Python library to test with, oldest first. */
export const releases: readonly string[];

/** Path of the Python interpreter that has a release. */
export function interpreter(release: string): string;

/** Installs the releases that are not there. Throws one line when that is not possible. */
export function prepare(log?: (line: string) => void): void;
