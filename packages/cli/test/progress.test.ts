import { lineProgress, NO_PROGRESS } from '../src/ui/progress';

test('in a log, progress is a line for each new message', () => {
  const lines: string[] = [];
  const progress = lineProgress((line) => lines.push(line));

  progress.update('copying', 0.1);
  progress.update('copying', 0.2);
  progress.update('checking');
  progress.done('done');

  expect(lines).toEqual(['copying', 'checking', 'done']);
});

test('for programs there is none', () => {
  expect(() => { NO_PROGRESS.update('x'); NO_PROGRESS.done('x'); NO_PROGRESS.failed('x'); }).not.toThrow();
});
