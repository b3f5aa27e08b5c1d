import type { Command } from '../../command/command.js';
import { deleteDefaults } from './delete-defaults.js';
import { getDefaults } from './get-defaults.js';
import { setDefaults } from './set-defaults.js';

export const commands: readonly Command[] = [setDefaults, getDefaults, deleteDefaults];
