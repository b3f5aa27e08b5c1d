import type { Command as Program } from 'commander';
import type { AwsClients } from './aws/clients.js';
import type { GlobalValues } from './command/global-options.js';
import type { CommandInfo } from './command/info.js';
import { interrupted, refused } from './errors.js';
import { isInteractive, type Io } from './io.js';
import { printable, printableLines } from './output/printable.js';
import type { Result } from './output/result.js';
import type { Style } from './output/style.js';
import type { OpenNamespace, Connection } from './table/connection.js';
import { lineProgress, NO_PROGRESS, terminalProgress, type Progress } from './ui/progress.js';
import type { Prompter } from './ui/prompter.js';

export interface ContextOptions {
  readonly io: Io;
  readonly globals: GlobalValues;
  readonly style: Style;
  readonly prompter: Prompter;
  /** Whether the command may change something. */
  readonly writes: boolean;
  /** Whether people read the output, and not a program. */
  readonly forPeople: boolean;
  readonly print: (result: Result) => Promise<void>;
  readonly commands: () => Promise<readonly CommandInfo[]>;
  readonly program: (argv: readonly string[]) => Promise<Program>;
}

/** What a command works with: where it is connected, and who it talks to. */
export class Context {
  readonly io: Io;
  /** Colours and signs of standard output. */
  readonly style: Style;
  private clients: AwsClients | undefined;
  private connection: Promise<Connection> | undefined;
  private whenInterrupted: string | undefined;
  /** Set by a command that must tidy up after Ctrl-C, however long it takes. */
  endsItself = false;

  constructor(private readonly options: ContextOptions) {
    this.io = options.io;
    this.style = options.style;
  }

  /** Flags that this command shares with others. */
  get globals(): GlobalValues {
    return this.options.globals;
  }

  /** Name of the limiter. */
  get name(): string {
    return this.globals.name || 'zae-limiter';
  }

  /** Whether nothing may be changed, only shown what would be. */
  get dryRun(): boolean {
    return this.globals.dryRun;
  }

  /** Aborted by Ctrl-C. */
  get signal(): AbortSignal {
    return this.io.signal;
  }

  /** AWS with the profile, region and endpoint of the command line. No call. */
  async aws(): Promise<AwsClients> {
    if (this.clients !== undefined) return this.clients;
    const { AwsClients } = await import('./aws/clients.js');
    const { profile, region, endpointUrl, timeout: timeoutMs, debug } = this.globals;
    return this.clients ??= new AwsClients({
      profile, region, endpointUrl, timeoutMs, env: this.io.env,
      mfaCode: (serial) => this.ask(`Code of ${serial}:`, { secret: true }),
      ...(debug && {
        onCall: ({ service, operation, requestId, attempts, ms, error }) =>
          this.note(`aws ${service}.${operation} ${error ?? 'ok'} ${Math.round(ms)} ms, request ${requestId ?? '-'}, attempts ${attempts ?? 1}`),
      }),
    });
  }

  /** The table of the limiter. Reads nothing. */
  async table(): Promise<Connection> {
    return this.connection ??= this.connect();
  }

  /** The namespace that the command line names. 1 read. */
  async namespace(): Promise<OpenNamespace> {
    return (await this.table()).namespace(this.globals.namespace || 'default');
  }

  /**
   * Asks before something is destroyed.
   *
   * @throws {CliError} the answer was no, or there is nobody to ask and `--yes` was not given
   */
  async confirm(question: string): Promise<void> {
    if (this.globals.yes || this.dryRun) return;
    if (!isInteractive(this.io)) throw refused(`${question} There is no terminal to ask on, so nothing was done.`, 'pass --yes to go ahead');
    if (!await this.prompter(() => this.options.prompter.confirm(printable(question)))) throw refused('Cancelled, nothing was done.');
  }

  /** Asks for text. @throws {CliError} there is nobody to ask */
  async ask(question: string, options?: { readonly secret?: boolean }): Promise<string> {
    if (!isInteractive(this.io)) throw refused(`${question} There is no terminal to ask on.`);
    return this.prompter(() => this.options.prompter.ask(printable(question), options));
  }

  /** Shows that something goes on: on a terminal with a spinner, else with lines; not at all for programs and with `--quiet`. */
  async progress(message: string): Promise<Progress> {
    if (!this.talks) return NO_PROGRESS;
    const { stderr, env } = this.io;
    if (stderr.isTTY !== true || env.CI || env.TERM === 'dumb' || this.globals.ascii) {
      const progress = lineProgress((line) => stderr.write(printableLines(line)));
      progress.update(message);
      return progress;
    }
    return terminalProgress(message, stderr as NodeJS.WriteStream, () => this.io.clock.now());
  }

  /** A line about what goes on, beside the result. Not for programs, and not with `--quiet`. */
  say(line: string): void {
    if (this.talks) this.io.stderr.write(printableLines(line));
  }

  /** A line for `--verbose` and `--debug`. */
  note(line: string): void {
    if (this.globals.verbose || this.globals.debug) this.io.stderr.write(printableLines(line));
  }

  /** This program's commands and flags; those of commands that the arguments do not name are left out. */
  async program(argv: readonly string[]): Promise<Program> {
    return this.options.program(argv);
  }

  /** Prints a result at once; for commands that print several. */
  async print(result: Result): Promise<void> {
    await this.options.print(result);
  }

  /** Every command of the program, for those that tell about others. */
  async commands(): Promise<readonly CommandInfo[]> {
    return this.options.commands();
  }

  /** What to say when Ctrl-C ends the command: what goes on in AWS without it. */
  onInterrupt(message: string | undefined): void {
    this.whenInterrupted = message;
  }

  get interruptMessage(): string | undefined {
    return this.whenInterrupted;
  }

  /** What a dry run would have written; undefined when this is none, or no table was opened. */
  async plannedWrites(): Promise<Awaited<ReturnType<NonNullable<Connection['dryRun']>['writes']>> | undefined> {
    return (await this.connection)?.dryRun?.writes();
  }

  close(): void {
    this.clients?.destroy();
  }

  private get talks(): boolean {
    return !this.globals.quiet && this.options.forPeople;
  }

  private async connect(): Promise<Connection> {
    const [clients, { Connection }] = await Promise.all([this.aws(), import('./table/connection.js')]);
    const { writes } = this.options;
    const principal = writes ? this.globals.principal ?? await (await import('./aws/caller.js')).callerArn(clients) : undefined;
    return new Connection(clients, {
      name: this.name, principal, clock: this.io.clock, timeoutMs: this.globals.timeout, mode: !writes ? 'read' : this.dryRun ? 'dry-run' : 'write',
    });
  }

  /** An answer, or the end of the command when the terminal goes away. */
  private async prompter<T>(question: () => Promise<T>): Promise<T> {
    if (this.signal.aborted) throw interrupted();
    return question();
  }
}
