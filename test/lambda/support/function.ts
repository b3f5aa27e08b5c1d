import type { LogLine } from './log';

/**
 * Runs a function as Lambda does: its module is loaded anew and sees this environment.
 *
 * @param variables variables to set; undefined takes one away
 * @param load      imports the module of the function
 * @param use       calls it
 * @returns what `use` returned, and the lines that went to standard output
 */
export async function runFunction<Module, Result>(
  variables: Readonly<Record<string, string | undefined>>, load: () => Promise<Module>, use: (module: Module) => Promise<Result>,
): Promise<{ result: Result; lines: LogLine[]; output: string }> {
  const environment = { ...variables, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
  const before = Object.fromEntries(Object.keys(environment).map((name) => [name, process.env[name]]));
  const written: string[] = [];
  const stdout = jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    written.push(String(chunk));
    return true;
  });
  try {
    setEnvironment(environment);
    let module!: Module;
    await jest.isolateModulesAsync(async () => {
      module = await load();
    });
    const result = await use(module);
    const output = written.join('');
    return { result, output, lines: output.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as LogLine) };
  } finally {
    setEnvironment(before);
    stdout.mockRestore();
  }
}

function setEnvironment(environment: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
