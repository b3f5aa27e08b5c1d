/** Releases of the Python library to test with, oldest first. */
export const releases: readonly string[];

/** Path of the Python interpreter that has a release. */
export function interpreter(release: string): string;

/** Installs those releases that are not there, all by default, for `user`, in the plural. Throws one line when that is not possible. */
export function prepare(log?: (line: string) => void, user?: string, releases?: readonly string[]): void;
