import type { Command } from '../../command/command.js';
import { manifest } from './manifest.js';
import { outputSchemas } from './output.js';

export const commands: readonly Command[] = [manifest, outputSchemas];
