import { interrupted } from '../errors.js';

/** Asks somebody who sits at a terminal. */
export interface Prompter {
  /** @throws {CliError} Ctrl-C was pressed */
  confirm(question: string): Promise<boolean>;
  /** Text that was typed; never shown when it is `secret`. */
  ask(question: string, options?: { readonly secret?: boolean }): Promise<string>;
}

/** Loaded when something is asked: most commands never do. */
export const terminalPrompter: Prompter = {
  async confirm(question) {
    const { confirm, isCancel } = await import('@clack/prompts');
    const answer = await confirm({ message: question, initialValue: false, output: process.stderr });
    if (isCancel(answer)) throw interrupted();
    return answer;
  },
  async ask(question, { secret = false } = {}) {
    const { isCancel, password, text } = await import('@clack/prompts');
    const answer = await (secret ? password : text)({ message: question, output: process.stderr });
    if (isCancel(answer)) throw interrupted();
    return String(answer ?? '');
  },
};
