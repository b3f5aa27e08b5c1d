import type { Command } from '../../command/command.js';
import { manifest } from './manifest.js';
import { outputOf } from './output.js';

/** @param allCommands loads every command of the program */
export const schemasOf = (allCommands: () => Promise<readonly Command[]>): { readonly commands: readonly Command[] } =>
  ({ commands: [manifest, outputOf(allCommands)] });
