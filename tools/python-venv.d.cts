/** The Python of an environment. */
export function interpreter(name: string): string;
