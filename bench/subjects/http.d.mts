import type { Subject } from './subject';

export function http(): Promise<Subject>;
